//! The terminal of the page, from when a turn asks for one.

use wasm_bindgen::JsValue;

use super::App;
use crate::browser::{Listener, report, storage};
use crate::state::{Event, State};
use crate::terminal::{self, Terminal, Told};

/// What draws a turn that is a terminal.
#[derive(Debug, Default)]
pub(super) enum Screen {
    /// Nothing: no turn was one.
    #[default]
    Missing,
    /// It is being fetched. What came meanwhile waits, unconfirmed, and the server holds the rest back.
    Fetched { dump: Option<String>, bytes: Vec<u8>, events: Vec<Event>, _listeners: [Listener; 2] },
    /// It is there.
    Ready(Terminal),
    /// It could not be had.
    Failed,
}

impl App {
    /// What the server said, unless it has to wait.
    pub(super) fn hold(&self, event: Event) -> Option<Event> {
        match &mut *self.screen.borrow_mut() {
            Screen::Fetched { events, .. } => {
                events.push(event);
                None
            }
            _ => Some(event),
        }
    }

    pub(super) fn open_screen(&'static self) -> Result<(), JsValue> {
        match &*self.screen.borrow() {
            Screen::Missing => {}
            Screen::Fetched { .. } | Screen::Ready(_) => return Ok(()),
            Screen::Failed => {
                // A browser does not run a module again that failed.
                self.handle(Event::TerminalFailed);
                return Ok(());
            }
        }
        let listeners = terminal::fetch(|is_there| self.fetched(is_there))?;
        let (bytes, events) = (Vec::new(), Vec::new());
        self.screen.replace(Screen::Fetched { dump: None, bytes, events, _listeners: listeners });
        Ok(())
    }

    /// The program is there, or cannot be had.
    fn fetched(&'static self, is_there: bool) {
        let terminal =
            if is_there { Terminal::new(|told| self.hear_screen(told)).map_err(Some) } else { Err(None) };
        let screen = match terminal {
            Ok(terminal) => Screen::Ready(terminal),
            Err(error) => {
                report(error.map_or(Ok(()), Err));
                self.handle(Event::TerminalFailed);
                Screen::Failed
            }
        };
        let before = self.screen.replace(screen);
        if let Screen::Fetched { dump, bytes, events, .. } = before {
            dump.into_iter().for_each(|dump| self.restore_screen(dump));
            self.feed_screen(&bytes);
            report(self.focus_screen());
            events.into_iter().for_each(|event| self.handle(event));
            // What waited for so long waits for no frame.
            self.draw();
        }
    }

    fn hear_screen(&'static self, told: Told) {
        match told {
            Told::Typed(bytes) => self.handle(Event::Typed(bytes)),
            Told::Resized(cols, rows) => self.handle(Event::Resized(cols, rows)),
            Told::Changed => report(self.draw_next()),
        }
    }

    pub(super) fn restore_screen(&self, before: String) {
        match &mut *self.screen.borrow_mut() {
            Screen::Fetched { dump, .. } => *dump = Some(before),
            Screen::Ready(terminal) => terminal.restore(&before),
            Screen::Missing | Screen::Failed => {}
        }
    }

    pub(super) fn feed_screen(&self, new: &[u8]) {
        match &*self.screen.borrow() {
            // What it answers comes back at once.
            Screen::Ready(terminal) => return terminal.feed(new),
            Screen::Fetched { .. } => {}
            Screen::Missing | Screen::Failed => return,
        }
        if let Screen::Fetched { bytes, .. } = &mut *self.screen.borrow_mut() {
            bytes.extend_from_slice(new);
        }
    }

    /// Draws what is new; whether there is more to draw.
    pub(super) fn draw_screen(&self, state: &State) -> bool {
        let is_live = state.streaming().is_some() && !state.is_leaving();
        match &*self.screen.borrow() {
            Screen::Ready(terminal) => terminal.draw(is_live),
            _ => false,
        }
    }

    pub(super) fn focus_screen(&self) -> Result<(), JsValue> {
        match &*self.screen.borrow() {
            Screen::Ready(terminal) => terminal.focus(),
            _ => Ok(()),
        }
    }

    pub(super) fn keep_screen(&self) {
        if let Screen::Ready(terminal) = &*self.screen.borrow() {
            storage::keep_stream(Some(terminal.dump()));
        }
    }

    pub(super) fn screen_text(&self) -> Option<String> {
        match &*self.screen.borrow() {
            Screen::Ready(terminal) => Some(terminal.text()),
            _ => None,
        }
    }
}
