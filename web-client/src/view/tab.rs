//! What is seen and heard of the page without looking at it: title, icon, and the word that the turn came.

use wasm_bindgen::JsValue;
use web_sys::{Document, Element};

use super::elements::{say, set};
use crate::browser::{document, element};
use crate::locale::{Sentences, Text};
use crate::panel::warning_text;
use crate::state::Phase;

/// The icon while it is our turn; within the program, because it must not need the network then.
const TURN_ICON: &str = concat!(
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 64 64'%3E",
    "%3Crect width='64' height='64' rx='15' fill='%23e8a317'/%3E",
    "%3Cpath d='M17 13h30a8 8 0 0 1 8 8v17a8 8 0 0 1-8 8H33L22 56V46h-5a8 8 0 0 1-8-8V21a8 8 0 0 1 8-8z'/%3E%3C/svg%3E"
);

/// The tab's title and icon, as drawn.
#[derive(Debug)]
pub(super) struct Tab {
    document: Document,
    icon: Element,
    /// The icon's address outside our turn.
    calm_icon: String,
    title: String,
    /// Whether it was our turn, and whether it was about to end, when last drawn.
    drawn: (bool, bool),
}

impl Tab {
    pub(super) fn new() -> Result<Self, JsValue> {
        let icon: Element = element("icon")?;
        Ok(Self {
            document: document()?,
            calm_icon: icon.get_attribute("href").unwrap_or_default(),
            title: String::new(),
            icon,
            drawn: (false, false),
        })
    }

    /// Shows the headline as the title, the turn as icon and alert, and what ends it as an alert.
    pub(super) fn draw(&mut self, phase: &Phase, headline: &str, words: Sentences, now: u64) {
        let is_turn = phase.talk().is_some();
        let warning = phase.talk().and_then(|talk| talk.warning);
        let mark = if is_turn { "● " } else { "" };
        let title = String::from(mark) + headline + " · Vez";
        if self.title != title {
            self.document.set_title(&title);
            self.title = title;
        }
        let drawn = (is_turn, warning.is_some());
        let before = std::mem::replace(&mut self.drawn, drawn);
        if before.0 != is_turn {
            set(&self.icon, "href", if is_turn { TURN_ICON } else { &self.calm_icon });
        }
        match warning {
            _ if before == drawn => {}
            Some(warning) => say("alert", &warning_text(words, warning, now)),
            None if is_turn && !before.0 => say("alert", words.text(Text::YourTurn)),
            None => say("alert", ""),
        }
    }
}
