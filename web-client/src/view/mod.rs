//! Draws the state into the page. Text only ever enters it as text nodes.

mod controls;
mod elements;
mod log;
mod queue;
mod roving;
mod row;
mod stream;
mod tab;
mod tail;
#[cfg(test)]
#[cfg(target_arch = "wasm32")]
mod tests;
mod transcript;

pub(crate) use roving::{copy_index, step};
pub(crate) use stream::key_byte;

use wasm_bindgen::JsValue;
use web_sys::{Element, HtmlElement, HtmlTextAreaElement};

use crate::browser::{document, element, file, report};
use crate::locale::{Language, Sentences, Text};
use crate::panel::{self, Panel};
use crate::state::State;
use elements::{say, set, toggle};
use log::Log;
use queue::Queue;
use stream::Stream;
use tab::Tab;

/// The page's elements, with what was last drawn into them.
#[derive(Debug)]
pub(crate) struct View {
    root: Element,
    body: HtmlElement,
    status: Element,
    field: HtmlTextAreaElement,
    log: Log,
    stream: Stream,
    queue: Queue,
    tab: Tab,
    /// The language that the page is in.
    language: Language,
}

impl View {
    /// Finds the elements in the page.
    ///
    /// # Errors
    /// When one is missing.
    pub(crate) fn new() -> Result<Self, JsValue> {
        Ok(Self {
            root: document()?.document_element().ok_or("no root")?,
            body: document()?.body().ok_or("no body")?,
            status: element("status")?,
            field: element("message")?,
            log: Log::new()?,
            stream: Stream::new()?,
            queue: Queue::new()?,
            tab: Tab::new()?,
            language: Language::Portuguese,
        })
    }

    /// What is in the field.
    pub(crate) fn draft(&self) -> String {
        self.field.value()
    }

    /// Puts a draft into the field.
    pub(crate) fn show_draft(&self, draft: &str) {
        self.field.set_value(draft);
    }

    /// Puts the cursor into the field.
    pub(crate) fn focus(&self) -> Result<(), JsValue> {
        self.field.focus()
    }

    /// Forgets the conversation.
    pub(crate) fn clear(&mut self) {
        self.log.clear();
    }

    /// Notes that an entry is new or changed.
    pub(crate) fn touch(&mut self, index: usize) {
        self.log.touch(index);
    }

    /// Draws a state at a time in milliseconds since the epoch.
    pub(crate) fn draw(&mut self, state: &State, now: u64) {
        let words = Sentences(state.preferences.language);
        if self.language != words.0 {
            self.language = words.0;
            self.log.clear();
        }
        set(&self.root, "lang", words.0.tag());
        set(&self.body, "data-state", state.phase.name());
        report(
            self.body.toggle_attribute_with_force("data-terminal", state.is_terminal_in_sight()).map(drop),
        );
        // The turn is said once, by #alert.
        let live = if state.phase.talk().is_some() { "off" } else { "polite" };
        set(&self.status, "aria-live", live);
        let panel = Panel::of(state, now);
        controls::draw_panel(&panel);
        report(self.queue.draw(&state.phase));
        self.tab.draw(&state.phase, &panel.headline, words, now);
        report(self.log.draw(state.conversation.entries(), words));
        report(self.stream.draw(state));
        controls::draw_buttons(state, words);
        self.draw_hint(state);
    }

    fn draw_hint(&self, state: &State) {
        let (hint, is_wrong) = panel::hint(state);
        say("hint", &hint);
        toggle("hint", "data-wrong", is_wrong);
        set(&self.field, "aria-invalid", if is_wrong { "true" } else { "false" });
        let is_prose = state.streaming().is_none();
        set(&self.field, "spellcheck", if is_prose { "true" } else { "false" });
        set(&self.field, "autocapitalize", if is_prose { "sentences" } else { "none" });
    }

    /// Puts the focus on the copy button after or before a message's.
    pub(crate) fn step(&self, from: usize, forward: bool) -> Result<(), JsValue> {
        self.log.step(from, forward)
    }

    /// The element with a message's words.
    pub(crate) fn words(&self, index: usize) -> Option<&Element> {
        self.log.words(index)
    }
}

/// Says whether a message was copied.
pub(crate) fn say_copied(is_copied: bool, language: Language) {
    let notice = if is_copied { Text::Copied } else { Text::NotCopied };
    say("notice", notice.in_language(language));
}

/// Offers the conversation as a file, or what a `terminal` has of it.
pub(crate) fn download(state: &State, terminal: Option<String>) -> Result<(), JsValue> {
    let words = Sentences(state.preferences.language);
    let text = match state.stream_in_sight() {
        Some(stream) if stream.is_terminal => terminal.unwrap_or_default(),
        Some(stream) => transcript::of_stream(stream, words),
        None => transcript::transcript(state.conversation.entries(), words, row::clock_time),
    };
    file::download(words.text(Text::FileName), &text)
}
