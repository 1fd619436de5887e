//! The place in the queue as a number and as a picture: who talks, who is ahead, and you.

use wasm_bindgen::JsValue;
use web_sys::Element;

use super::elements::{make, set, show};
use crate::browser::element;
use crate::locale::digits;
use crate::state::{Phase, Place};

/// How many people the picture shows one by one.
const MOST: usize = 12;

/// The picture, with the place that it shows.
#[derive(Debug)]
pub(super) struct Queue {
    place: Element,
    picture: Element,
    /// Position and people ahead, as drawn.
    drawn: Option<(usize, usize)>,
}

impl Queue {
    pub(super) fn new() -> Result<Self, JsValue> {
        Ok(Self { place: element("place")?, picture: element("queue")?, drawn: None })
    }

    /// Draws the place of a phase, which only waiting has.
    pub(super) fn draw(&mut self, phase: &Phase) -> Result<(), JsValue> {
        let place = match phase {
            Phase::Waiting(Place { position, ahead, .. }) => Some((*position, *ahead)),
            _ => None,
        };
        if self.drawn == place {
            return Ok(());
        }
        self.drawn = place;
        show("place", place.is_some());
        show("queue", place.is_some());
        self.picture.set_text_content(None);
        let position = place.map_or_else(String::new, |(position, _)| digits(position as u64));
        set(&self.place, "data-position", &position);
        self.place.set_text_content(Some(&position));
        place.map_or(Ok(()), |(_, ahead)| self.draw_people(ahead))
    }

    fn draw_people(&self, ahead: usize) -> Result<(), JsValue> {
        for index in 0..ahead.min(MOST) {
            self.draw_person(if index == 0 { "talking" } else { "waiting" })?;
        }
        if ahead > MOST {
            let more = self.draw_person("more")?;
            more.set_text_content(Some(&(String::from("+") + &digits((ahead - MOST) as u64))));
        }
        self.draw_person("me").map(drop)
    }

    fn draw_person(&self, who: &str) -> Result<Element, JsValue> {
        let person = make("span", "person")?;
        set(&person, "data-who", who);
        self.picture.append_child(&person)?;
        Ok(person)
    }
}
