//! The terminal of the page, from when a turn asks for one.

use wasm_bindgen::JsValue;

use super::App;
use crate::browser::{Listener, report, storage};
use crate::state::{Event, State};
use crate::terminal::{self, Terminal, Told};

/// What draws a turn that is a terminal.
#[derive(Debug, Default)]
pub(super) enum Slot {
    /// Nothing: no turn was one.
    #[default]
    Missing,
    /// It is being fetched. What came meanwhile waits, unconfirmed, and the server holds the rest back.
    Fetching { dump: Option<String>, bytes: Vec<u8>, events: Vec<Event>, _listeners: [Listener; 2] },
    /// It is there.
    Ready(Terminal),
    /// It could not be had.
    Failed,
}

impl App {
    /// What the server said, unless it has to wait.
    pub(super) fn hold(&self, event: Event) -> Option<Event> {
        match &mut *self.terminal.borrow_mut() {
            Slot::Fetching { events, .. } => {
                events.push(event);
                None
            }
            _ => Some(event),
        }
    }

    pub(super) fn open_terminal(&'static self) -> Result<(), JsValue> {
        match &*self.terminal.borrow() {
            Slot::Missing => {}
            Slot::Fetching { .. } | Slot::Ready(_) => return Ok(()),
            Slot::Failed => {
                // A browser does not run a module again that failed.
                self.handle(Event::TerminalFailed);
                return Ok(());
            }
        }
        let listeners = terminal::fetch(|is_there| self.fetched(is_there))?;
        let (bytes, events) = (Vec::new(), Vec::new());
        self.terminal.replace(Slot::Fetching { dump: None, bytes, events, _listeners: listeners });
        Ok(())
    }

    /// The program is there, or cannot be had.
    fn fetched(&'static self, is_there: bool) {
        let terminal =
            if is_there { Terminal::new(|told| self.hear_terminal(told)).map_err(Some) } else { Err(None) };
        let slot = match terminal {
            Ok(terminal) => Slot::Ready(terminal),
            Err(error) => {
                report(error.map_or(Ok(()), Err));
                self.handle(Event::TerminalFailed);
                Slot::Failed
            }
        };
        let before = self.terminal.replace(slot);
        if let Slot::Fetching { dump, bytes, events, .. } = before {
            dump.into_iter().for_each(|dump| self.restore_terminal(dump));
            self.feed_terminal(&bytes);
            report(self.focus_terminal());
            events.into_iter().for_each(|event| self.handle(event));
            // What waited for so long waits for no frame.
            self.draw();
        }
    }

    fn hear_terminal(&'static self, told: Told) {
        match told {
            Told::Typed(bytes) => self.handle(Event::Typed(bytes)),
            Told::Resized(cols, rows) => self.handle(Event::Resized(cols, rows)),
            Told::Changed => report(self.draw_next()),
        }
    }

    pub(super) fn restore_terminal(&self, before: String) {
        match &mut *self.terminal.borrow_mut() {
            Slot::Fetching { dump, .. } => *dump = Some(before),
            Slot::Ready(terminal) => terminal.restore(&before),
            Slot::Missing | Slot::Failed => {}
        }
    }

    pub(super) fn feed_terminal(&self, new: &[u8]) {
        match &*self.terminal.borrow() {
            // What it answers comes back at once.
            Slot::Ready(terminal) => return terminal.feed(new),
            Slot::Fetching { .. } => {}
            Slot::Missing | Slot::Failed => return,
        }
        if let Slot::Fetching { bytes, .. } = &mut *self.terminal.borrow_mut() {
            bytes.extend_from_slice(new);
        }
    }

    /// Draws what is new; whether there is more to draw.
    pub(super) fn draw_terminal(&self, state: &State) -> bool {
        let is_live = state.streaming().is_some() && !state.is_leaving();
        match &*self.terminal.borrow() {
            Slot::Ready(terminal) => terminal.draw(is_live),
            _ => false,
        }
    }

    pub(super) fn focus_terminal(&self) -> Result<(), JsValue> {
        match &*self.terminal.borrow() {
            Slot::Ready(terminal) => terminal.focus(),
            _ => Ok(()),
        }
    }

    pub(super) fn keep_terminal(&self) {
        if let Slot::Ready(terminal) = &*self.terminal.borrow() {
            storage::keep_stream(Some(terminal.dump()));
        }
    }

    pub(super) fn terminal_text(&self) -> Option<String> {
        match &*self.terminal.borrow() {
            Slot::Ready(terminal) => Some(terminal.text()),
            _ => None,
        }
    }
}
