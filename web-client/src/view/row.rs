//! One entry of the conversation on the page.

use wasm_bindgen::JsValue;
use web_sys::Element;

use super::elements::{make, set};
use crate::locale::{Sentences, Text, digits, two_digits};
use crate::state::{Delivery, Entry, Note, Speaker};

/// One entry's elements, with what was drawn.
#[derive(Debug)]
pub(super) struct Row {
    row: Element,
    words: Element,
    /// Says what became of a message.
    fate: Option<Element>,
    /// Copies it.
    copy: Option<Element>,
    speaker: Speaker,
}

impl Row {
    /// Makes an entry's elements.
    pub(super) fn new(entry: &Entry, index: usize, words: Sentences) -> Result<Self, JsValue> {
        let row = make("div", "message")?;
        let text = make("div", "words")?;
        let meta = make("div", "meta")?;
        let (from, who) = voice(entry.speaker, words);
        set(&row, "data-from", from);
        text.set_text_content(Some(match entry.speaker {
            Speaker::Page(note) => words.text(note_text(note)),
            _ => &entry.text,
        }));
        if let Some(who) = who {
            add(&row, "span", "unseen", &(String::from(who) + ": "))?;
        }
        row.append_child(&text)?;
        add(&meta, "time", "time", &clock_time(entry.millis))?;
        let mut made = Self { row, words: text, fate: None, copy: None, speaker: entry.speaker };
        if let Speaker::Me(_) = entry.speaker {
            made.fate = Some(add(&meta, "span", "fate", "")?);
        }
        if who.is_some() {
            let copy = add(&meta, "button", "copy", words.text(Text::Copy))?;
            set(&copy, "type", "button");
            set(&copy, "tabindex", "-1");
            set(&copy, "data-index", &digits(index as u64));
            made.copy = Some(copy);
        }
        made.row.append_child(&meta)?;
        made.show_fate(words);
        Ok(made)
    }

    /// The element that goes into the page.
    pub(super) fn element(&self) -> &Element {
        &self.row
    }

    /// The element with the words.
    pub(super) fn words(&self) -> &Element {
        &self.words
    }

    /// The button that copies it.
    pub(super) fn copy(&self) -> Option<&Element> {
        self.copy.as_ref()
    }

    /// Shows what became of a message, if that is new.
    pub(super) fn update(&mut self, speaker: Speaker, words: Sentences) {
        if self.speaker != speaker {
            self.speaker = speaker;
            self.show_fate(words);
        }
    }

    fn show_fate(&self, words: Sentences) {
        let (Speaker::Me(delivery), Some(fate)) = (self.speaker, &self.fate) else { return };
        let (name, text) = fate_text(delivery);
        fate.set_text_content(Some(words.text(text)));
        set(&self.row, "data-state", name);
    }
}

/// The time of day, here, of a time in milliseconds since the epoch.
pub(super) fn clock_time(millis: u64) -> String {
    let date = js_sys::Date::new(&(millis as f64).into());
    two_digits(date.get_hours().into()) + ":" + &two_digits(date.get_minutes().into())
}

/// Who says it: the name for the page's `data-from`, and for people where it is not the page itself.
pub(super) fn voice(speaker: Speaker, words: Sentences) -> (&'static str, Option<&'static str>) {
    match speaker {
        Speaker::Me(_) => ("me", Some(words.text(Text::Me))),
        Speaker::Server => ("server", Some(words.text(Text::Server))),
        Speaker::Page(_) => ("page", None),
    }
}

/// A note's words.
pub(super) fn note_text(note: Note) -> Text {
    match note {
        Note::Began => Text::NoteBegan,
        Note::Ended => Text::NoteEnded,
        Note::Lost => Text::NoteLost,
        Note::SeatLost => Text::NoteSeatLost,
    }
}

/// What became of a message: the name for the page's `data-state`, and for people.
pub(super) fn fate_text(delivery: Delivery) -> (&'static str, Text) {
    match delivery {
        Delivery::Waiting => ("waiting", Text::DeliveryWaiting),
        Delivery::Sent => ("sent", Text::DeliverySent),
        Delivery::Passed => ("passed", Text::DeliverySent),
        Delivery::Answered => ("answered", Text::DeliveryAnswered),
        Delivery::Unanswered => ("unanswered", Text::DeliveryUnanswered),
        Delivery::Unsent => ("unsent", Text::DeliveryUnsent),
    }
}

fn add(parent: &Element, tag: &str, class: &str, text: &str) -> Result<Element, JsValue> {
    let element = make(tag, class)?;
    element.set_text_content(Some(text));
    parent.append_child(&element)?;
    Ok(element)
}
