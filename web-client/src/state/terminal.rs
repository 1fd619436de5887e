//! A stream that is a terminal: its bytes are drawn by a program of its own.

use vez_protocol::ClientEvent;

use super::stream::RESET;
use super::{Effect, State, Stream};

impl State {
    /// The turn is a terminal, another one or that of before.
    pub(super) fn terminal_came(&mut self, goes_on: bool) {
        self.ask(Effect::OpenTerminal);
        if !goes_on {
            self.ask(Effect::Feed(RESET.into()));
        }
        self.tell_window();
    }

    /// Takes up what was kept over a reload.
    pub(super) fn restore_terminal(&mut self) {
        if let Some(dump) = self.stream.as_mut().and_then(Stream::take_dump) {
            self.ask(Effect::OpenTerminal);
            self.ask(Effect::Restore(dump));
        }
    }

    pub(super) fn resized(&mut self, cols: u16, rows: u16) {
        self.window = Some((cols, rows));
        self.tell_window();
    }

    fn tell_window(&mut self) {
        if let Some((cols, rows)) =
            self.window.filter(|_| self.streaming().is_some_and(|stream| stream.is_terminal))
        {
            self.ask(Effect::Send(ClientEvent::Resize { cols, rows }));
        }
    }

    pub(super) fn terminal_failed(&mut self) {
        if let Some(stream) = &mut self.stream {
            stream.is_terminal = false;
        }
    }
}
