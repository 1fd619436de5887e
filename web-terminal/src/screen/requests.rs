//! What programs ask of a terminal that is not drawing: keys and mouse reported in another way, a title, answers.

use vte::{Params, Parser, Perform};

/// How long a title may be, in characters.
const LONGEST_TITLE: usize = 200;

/// What the program wants of keys and mouse.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Modes {
    /// Cursor keys as of an application (DECCKM).
    pub app_cursor: bool,
    /// Marks around what is pasted (xterm's ctlseqs, Bracketed Paste Mode).
    pub bracketed_paste: bool,
    /// Which doings of the mouse are told.
    pub mouse: Mouse,
    /// Whether they are told in decimal numbers (xterm's ctlseqs, SGR), which any window has room for.
    pub mouse_in_decimal: bool,
}

/// Which doings of the mouse are told (xterm's ctlseqs, Mouse Tracking).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mouse {
    /// None.
    #[default]
    Silent,
    /// Buttons.
    Buttons,
    /// Buttons, and where it goes with one.
    Drags,
    /// Buttons, and wherever it goes.
    Motion,
}

/// A request that has to be met at its place among the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Request {
    /// What it is (DA).
    Attributes,
    /// Which version of it (secondary DA).
    Version,
    /// Whether it is well (DSR 5).
    Status,
    /// Where the cursor is (DSR 6).
    Cursor,
    /// To forget what scrolled out of the screen (xterm's ED 3), which avt leaves as it is.
    Forget,
}

/// Watches for them.
#[derive(Default)]
pub(super) struct Requests {
    parser: Parser<1024>,
    found: Found,
}

/// What was found.
#[derive(Default)]
pub(super) struct Found {
    pub(super) modes: Modes,
    pub(super) title: String,
    request: Option<Request>,
}

impl std::ops::Deref for Requests {
    type Target = Found;

    fn deref(&self) -> &Found {
        &self.found
    }
}

impl Requests {
    /// How many of the bytes come up to the first request, and that request.
    pub(super) fn watch(&mut self, bytes: &[u8]) -> (usize, Option<Request>) {
        let count = self.parser.advance_until_terminated(&mut self.found, bytes);
        (count, self.found.request.take())
    }

    /// What brings another there.
    pub(super) fn dump(&self) -> String {
        let Modes { bracketed_paste, mouse, mouse_in_decimal, .. } = self.modes;
        let paste = if bracketed_paste { "\x1b[?2004h" } else { "" };
        let decimal = if mouse_in_decimal { "\x1b[?1006h" } else { "" };
        let mouse = match mouse {
            Mouse::Silent => "",
            Mouse::Buttons => "\x1b[?1000h",
            Mouse::Drags => "\x1b[?1002h",
            Mouse::Motion => "\x1b[?1003h",
        };
        format!("{paste}{decimal}{mouse}\x1b]2;{}\x1b\\", self.title)
    }
}

impl Found {
    fn set(&mut self, mode: u16, is_set: bool) {
        let mouse = |mouse| if is_set { mouse } else { Mouse::Silent };
        match mode {
            1000 => self.modes.mouse = mouse(Mouse::Buttons),
            1002 => self.modes.mouse = mouse(Mouse::Drags),
            1003 => self.modes.mouse = mouse(Mouse::Motion),
            1006 => self.modes.mouse_in_decimal = is_set,
            2004 => self.modes.bracketed_paste = is_set,
            _ => {}
        }
    }
}

impl Perform for Found {
    fn csi_dispatch(&mut self, params: &Params, intermediates: &[u8], _ignore: bool, action: char) {
        let mut params = params.iter().map(|param| param[0]);
        match (intermediates, action) {
            (b"?", 'h' | 'l') => params.for_each(|mode| self.set(mode, action == 'h')),
            (b"", 'J') if params.next() == Some(3) => self.request = Some(Request::Forget),
            (b"", 'c') if params.next() == Some(0) => self.request = Some(Request::Attributes),
            (b">", 'c') if params.next() == Some(0) => self.request = Some(Request::Version),
            (b"", 'n') => {
                self.request = match params.next() {
                    Some(5) => Some(Request::Status),
                    Some(6) => Some(Request::Cursor),
                    _ => None,
                }
            }
            _ => {}
        }
    }

    fn osc_dispatch(&mut self, params: &[&[u8]], _bell_terminated: bool) {
        if let [b"0" | b"2", title @ ..] = params {
            let title = String::from_utf8_lossy(&title.join(&b';')).into_owned();
            self.title = title.chars().filter(|char| !char.is_control()).take(LONGEST_TITLE).collect();
        }
    }

    fn esc_dispatch(&mut self, intermediates: &[u8], _ignore: bool, byte: u8) {
        // As new (RIS).
        if (intermediates, byte) == (b"", b'c') {
            *self = Self::default();
        }
    }

    fn terminated(&self) -> bool {
        self.request.is_some()
    }
}
