//! The connection to the server.

#[cfg(test)]
#[cfg(target_arch = "wasm32")]
mod tests;

use std::rc::Rc;

use js_sys::Array;
use vez_protocol::{ClientEvent, CloseCode};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{BinaryType, CloseEvent, MessageEvent, WebSocket};

use crate::browser::{Listener, bytes, window};
use crate::state::Event;
use crate::wire;

/// A WebSocket that speaks `vez.v1`; on drop it is closed and not heard any more, and the seat is kept.
#[derive(Debug)]
pub(crate) struct Socket {
    socket: WebSocket,
    _listeners: [Listener; 3],
}

impl Socket {
    /// Opens a connection, which asks for a `seat` if there is one, and tells `hear` what happens on it.
    ///
    /// # Errors
    /// When the browser refuses the address.
    pub(crate) fn open(url: &str, seat: Option<&str>, hear: Rc<dyn Fn(Event)>) -> Result<Self, JsValue> {
        let protocols: Array =
            [Some(vez_protocol::SUBPROTOCOL), seat].into_iter().flatten().map(JsValue::from_str).collect();
        let socket = WebSocket::new_with_str_sequence(url, &protocols)?;
        socket.set_binary_type(BinaryType::Arraybuffer);
        let (opened, received, closed) = (hear.clone(), hear.clone(), hear);
        let listeners = [
            Listener::new(&socket, "open", move |_| opened(Event::Opened))?,
            Listener::new(&socket, "message", move |event| {
                if let Some(event) = read(event.unchecked_ref()) {
                    received(event);
                }
            })?,
            Listener::new(&socket, "close", move |event| {
                closed(Event::Closed(event.unchecked_ref::<CloseEvent>().code()));
            })?,
        ];
        Ok(Self { socket, _listeners: listeners })
    }

    /// Tells the server.
    pub(crate) fn send(&self, event: &ClientEvent<'_>) {
        // It fails only while the socket opens, when the state sends nothing.
        _ = wire::write(event).map(|frame| self.socket.send_with_str(&frame));
    }

    /// Closes the connection for good, where dropping it keeps the seat: only a Close frame with 1000 leaves.
    pub(crate) fn leave(&self) {
        // It fails only for a code that is not to be used.
        _ = self.socket.close_with_code(CloseCode::Normal as u16);
    }

    /// Sends bytes of a stream.
    pub(crate) fn send_bytes(&self, bytes: &[u8]) {
        // It fails only while the socket opens, as above.
        _ = self.socket.send_with_u8_array(bytes);
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // It fails only for a code out of range, and this one is the default.
        _ = self.socket.close();
    }
}

/// The event in a frame, or the bytes of a stream; a text that is no event is ignored.
fn read(frame: &MessageEvent) -> Option<Event> {
    let data = frame.data();
    match data.as_string() {
        Some(text) => wire::read(&text).map(Event::Received),
        None => Some(Event::Streamed(bytes::copied(&data))),
    }
}

/// Where this page's own server is listening.
///
/// # Errors
/// Outside a page.
pub(crate) fn url() -> Result<String, JsValue> {
    let location = window()?.location();
    let scheme = if location.protocol()? == "https:" { "wss://" } else { "ws://" };
    Ok(String::from(scheme) + &location.host()? + "/ws")
}
