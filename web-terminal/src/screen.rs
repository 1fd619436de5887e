//! What a program's bytes make of a screen. Knows no browser.

mod changes;
mod decoder;
mod requests;
mod run;
#[cfg(test)]
mod tests;

pub use requests::{Modes, Mouse};
pub use run::{Look, Run, runs};

use avt::{Line, ScreenKind, Terminal};
use changes::Changes;
use decoder::Decoder;
use requests::{Request, Requests};

/// How many lines that left the screen are kept.
pub const SCROLLBACK: usize = 10_000;
/// The largest window, in columns and rows.
const LARGEST: usize = 1_000;
/// What begins a dump: what makes a terminal as new (RIS), and what gives it a size (xterm's ctlseqs, window
/// manipulation), which a program's own would not.
const BEGIN: &str = "\x1bc\x1b[8;";

/// A terminal's screen: all that a program can do to it, and nothing that it could do to anything else.
pub struct Screen {
    terminal: Terminal,
    decoder: Decoder,
    requests: Requests,
    changes: Changes,
}

impl std::fmt::Debug for Screen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Screen").field("size", &self.size()).finish_non_exhaustive()
    }
}

impl Screen {
    /// An empty screen of so many columns and rows, of which there is one at least.
    #[must_use]
    pub fn new(cols: usize, rows: usize) -> Self {
        let (cols, rows) = (cols.clamp(1, LARGEST), rows.clamp(1, LARGEST));
        let (decoder, requests) = (Decoder::default(), Requests::default());
        Self { terminal: terminal(cols, rows), decoder, requests, changes: Changes::default() }
    }

    /// Takes in what a program wrote, and answers what goes back to it.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<u8> {
        let (mut answers, mut rest) = (Vec::new(), bytes);
        while !rest.is_empty() {
            let (count, request) = self.requests.watch(rest);
            let (part, after) = rest.split_at(count);
            self.terminal.feed_with(&*self.decoder.decode(part), &mut self.changes);
            if let Some(request) = request {
                answers.extend_from_slice(self.meet(request).as_bytes());
            }
            rest = after;
        }
        answers
    }

    /// Has another size from now on.
    pub fn resize(&mut self, cols: usize, rows: usize) {
        self.terminal.resize_with(cols.clamp(1, LARGEST), rows.clamp(1, LARGEST), &mut self.changes);
    }

    /// Columns and rows.
    #[must_use]
    pub fn size(&self) -> (usize, usize) {
        self.terminal.size()
    }

    /// What the program wants of keys and mouse.
    #[must_use]
    pub fn modes(&self) -> Modes {
        Modes { app_cursor: self.terminal.cursor_key_app_mode(), ..self.requests.modes }
    }

    /// The title that the program gave the window: text without control characters, and not long.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.requests.title
    }

    /// Whether the program draws on the alternate screen, which scrolls into nothing.
    #[must_use]
    pub fn is_alternate(&self) -> bool {
        self.terminal.active_screen_kind() == ScreenKind::Alternate
    }

    /// The cursor's column and row, where it is shown; the column after the last is one too.
    #[must_use]
    pub fn cursor(&self) -> Option<(usize, usize)> {
        self.terminal.cursor().position()
    }

    /// The lines on the screen.
    pub fn lines(&self) -> impl ExactSizeIterator<Item = &Line> {
        self.terminal.screen().visible_lines()
    }

    /// The lines that scrolled out of the screen and are kept, and then those on it, from the `from`th on. Nothing
    /// scrolls out of the alternate screen.
    pub fn lines_from(&self, from: usize) -> impl Iterator<Item = &Line> {
        self.terminal.screen().all_lines().skip(from)
    }

    /// How many lines scrolled out of the screen and are kept.
    #[must_use]
    pub fn history(&self) -> usize {
        self.lines_from(0).size_hint().0.saturating_sub(self.size().1)
    }

    /// How many lines that scrolled out of the screen are kept no more.
    #[must_use]
    pub fn dropped(&self) -> usize {
        if self.is_alternate() { 0 } else { self.changes.dropped }
    }

    /// Whether lines that had scrolled out of the screen changed since this was last asked.
    pub fn take_rewritten(&mut self) -> bool {
        std::mem::take(&mut self.changes.is_rewritten)
    }

    /// All text that is kept, lines that were too long for the screen in one.
    #[must_use]
    pub fn text(&self) -> String {
        self.terminal.primary_screen().text().join("\n") + "\n"
    }

    /// What brings another screen to where this one is, without what scrolled out.
    #[must_use]
    pub fn dump(&self) -> String {
        let (cols, rows) = self.size();
        format!("{BEGIN}{rows};{cols}t{}{}", self.terminal.dump(), self.requests.dump())
    }

    /// Becomes what another was, in this one's size.
    pub fn restore(&mut self, dump: &str) {
        let (cols, rows) = self.size();
        if let Some((before, _)) = dump.strip_prefix(BEGIN).and_then(|rest| rest.split_once('t'))
            && let Some((rows, cols)) = before.split_once(';')
            && let (Ok(rows), Ok(cols)) = (rows.parse(), cols.parse())
        {
            self.resize(cols, rows);
        }
        self.feed(dump.as_bytes());
        self.resize(cols, rows);
    }

    /// Answers what is asked most: what the terminal is, and where the cursor. What would read the page, or the window's
    /// title back as if it were typed, is not answered.
    fn meet(&mut self, request: Request) -> String {
        let cursor = self.terminal.cursor();
        match request {
            // A VT100 with advanced video (xterm's ctlseqs, Primary DA), and version 0 of one.
            Request::Attributes => "\x1b[?1;2c".into(),
            Request::Version => "\x1b[>0;0;0c".into(),
            Request::Status => "\x1b[0n".into(),
            Request::Forget => {
                self.forget();
                String::new()
            }
            Request::Cursor => {
                let column = cursor.col.min(self.size().0 - 1);
                format!("\x1b[{};{}R", cursor.row + 1, column + 1)
            }
        }
    }

    /// Forgets what scrolled out of the screen, which a dump does not have.
    fn forget(&mut self) {
        let (cols, rows) = self.size();
        let dump = self.terminal.dump();
        self.terminal = terminal(cols, rows);
        self.terminal.feed_with(&*dump, &mut self.changes);
        self.changes.is_rewritten = true;
    }
}

fn terminal(cols: usize, rows: usize) -> Terminal {
    Terminal::with_scrollback(cols, rows, Some(SCROLLBACK)).expect("the size is positive: it is clamped")
}
