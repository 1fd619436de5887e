//! The two ways of speaking over a WebSocket.

use bytes::{Bytes, BytesMut};
use hyper::HeaderMap;
use hyper::header::SEC_WEBSOCKET_PROTOCOL;
use tokio_tungstenite::tungstenite::Utf8Bytes;
use tokio_tungstenite::tungstenite::protocol::Message as Frame;
use vez_protocol::{Body, ClientEvent, SUBPROTOCOL, ServerEvent};

use crate::session::Failure;

/// A message that came in frames.
pub(super) type Message = vez_protocol::Message<Utf8Bytes>;

/// How a peer speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// The report's conversation: a message is a frame.
    Plain,
    /// `vez.v1`: frames are events in JSON.
    Events,
}

/// What a frame asks for.
#[derive(Debug)]
pub(super) enum Heard {
    /// A message of the conversation.
    Message(Message),
    /// The answer to an event ping.
    Pong,
    /// Nothing that this version knows.
    Nothing,
}

impl Style {
    /// The style that a handshake asks for (RFC 6455 §4.2.2, `Sec-WebSocket-Protocol`).
    pub(crate) fn asked(headers: &HeaderMap) -> Self {
        let offers =
            headers.get_all(SEC_WEBSOCKET_PROTOCOL).into_iter().filter_map(|value| value.to_str().ok());
        if offers.flat_map(|offers| offers.split(',')).any(|offer| offer.trim() == SUBPROTOCOL) {
            Self::Events
        } else {
            Self::Plain
        }
    }

    /// How long a frame may be that carries a message of at most `message` bytes: as an event, each byte may
    /// be escaped as `\u0000`, within some words around it.
    pub(super) fn frame_limit(self, message: usize) -> usize {
        match self {
            Self::Plain => message,
            Self::Events => message * r"\u0000".len() + 1024,
        }
    }

    /// Reads a text or binary frame; a binary one is taken as the text that its bytes spell.
    pub(super) fn hear(self, frame: Frame) -> Result<Heard, Failure> {
        let message = match frame {
            Frame::Text(text) => Message::text(text),
            frame => Message::binary(frame.into_data()),
        };
        match self {
            Self::Plain => Ok(Heard::Message(message)),
            Self::Events => hear_event(message.as_text()?),
        }
    }

    /// A reply as a frame; `scratch` is where its bytes are put together, time and again.
    pub(super) fn reply(self, parts: &[&str], scratch: &mut BytesMut) -> Frame {
        match self {
            Self::Plain => {
                parts.iter().for_each(|part| scratch.extend_from_slice(part.as_bytes()));
                text_frame(scratch.split().freeze())
            }
            Self::Events => event(&ServerEvent::Reply { text: parts.concat().into(), to: None }),
        }
    }

    /// The message itself as a frame.
    pub(super) fn echo(self, message: Message) -> Frame {
        match (self, message.body) {
            (Self::Plain, Body::Binary(bytes)) => Frame::Binary(bytes),
            (Self::Plain, Body::Text(text)) => Frame::Text(text),
            (Self::Events, Body::Text(text)) => {
                event(&ServerEvent::Reply { text: text.as_str().into(), to: None })
            }
            // Events hold text only, so that no binary message can have come.
            (Self::Events, Body::Binary(_)) => event(&ServerEvent::Unknown),
        }
    }
}

fn text_frame(text: Bytes) -> Frame {
    Frame::Text(Utf8Bytes::try_from(text).expect("these bytes were made from text"))
}

/// An event as a frame.
pub(super) fn event(event: &ServerEvent<'_>) -> Frame {
    Frame::text(event.to_json())
}

fn hear_event(text: &str) -> Result<Heard, Failure> {
    match ClientEvent::from_json(text) {
        Ok(ClientEvent::Message { text, .. }) => Ok(Heard::Message(Message::text(text.into_owned()))),
        Ok(ClientEvent::Ping) => Ok(Heard::Pong),
        Ok(ClientEvent::Stay | ClientEvent::Leave | ClientEvent::Unknown) => Ok(Heard::Nothing),
        Err(error) => Err(Failure::NotText(format!("o quadro não é um evento {SUBPROTOCOL}: {error}"))),
    }
}
