//! The newest part of a stream's text, and the keys that send one byte.

use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, Event, HtmlElement};

use super::elements::{make, set, show};
use super::tail::Tail;
use crate::browser::element;
use crate::state::{self, State};

/// The stream's elements, with what was last drawn into them.
#[derive(Debug)]
pub(super) struct Stream {
    stream: HtmlElement,
    /// Holds the pieces.
    text: Element,
    tail: Tail,
    /// The number of the piece after the last, and how many bytes of the last are drawn.
    drawn: (usize, usize),
    is_in_sight: bool,
}

impl Stream {
    pub(super) fn new() -> Result<Self, JsValue> {
        let (stream, text) = (element("stream")?, element("text")?);
        let tail = Tail::new(&stream, &text)?;
        Ok(Self { stream, text, tail, drawn: (0, 0), is_in_sight: false })
    }

    /// Draws what came since it was last drawn; nothing while nobody looks, when every frame would be for nobody.
    pub(super) fn draw(&mut self, state: &State) -> Result<(), JsValue> {
        let stream = state.stream_in_sight();
        if self.is_in_sight != stream.is_some() {
            self.is_in_sight = stream.is_some();
            show("log", !self.is_in_sight);
            show("newer", false);
        }
        show("stream", stream.is_some_and(|stream| !stream.is_terminal));
        show("keys", state.streaming().is_some_and(|stream| !stream.is_terminal) && !state.is_leaving());
        match stream {
            Some(stream) if state.is_visible => self.append(stream)?,
            None if state.stream.is_none() && self.drawn != (0, 0) => {
                self.drawn = (0, 0);
                self.text.set_text_content(None);
            }
            _ => {}
        }
        Ok(())
    }

    fn append(&mut self, stream: &state::Stream) -> Result<(), JsValue> {
        let (first, pieces) = stream.shown();
        let (next, bytes) = self.drawn;
        // Silent where more comes than can be read out.
        set(&self.stream, "aria-live", if stream.is_flood() { "off" } else { "polite" });
        self.drop_oldest(pieces.len(), (first + pieces.len()).saturating_sub(next));
        let mut has_grown = false;
        for (piece, number) in pieces.iter().zip(first..).skip(next.saturating_sub(first + 1)) {
            let known = if number + 1 == next { bytes } else { 0 };
            let new = piece.get(known..).unwrap_or_default();
            self.drawn = (number + 1, piece.len());
            if !new.is_empty() {
                has_grown = true;
                self.piece(known == 0)?.append_with_str_1(new)?;
            }
        }
        show("older", first > 0);
        if has_grown {
            self.tail.grew(false);
        }
        Ok(())
    }

    /// Drops the oldest pieces, so that `most` are left when so many new ones come.
    fn drop_oldest(&self, most: usize, new: usize) {
        while self.text.child_element_count() as usize + new > most {
            let Some(oldest) = self.text.first_element_child() else { break };
            oldest.remove();
        }
    }

    /// The element of a new piece, or of the last.
    fn piece(&self, is_new: bool) -> Result<Element, JsValue> {
        match self.text.last_element_child() {
            Some(last) if !is_new => Ok(last),
            last => {
                // Each frame's text came as a node of its own, so that it alone is read out.
                if let Some(last) = last {
                    last.normalize();
                }
                let piece = make("div", "piece")?;
                self.text.append_child(&piece)?;
                Ok(piece)
            }
        }
    }
}

/// The byte that the pressed key stands for.
pub(crate) fn key_byte(event: &Event) -> Option<u8> {
    let key = event.target()?.unchecked_into::<Element>().closest("[data-byte]").ok()??;
    key.get_attribute("data-byte")?.parse().ok()
}
