//! A terminal whose keys go to the other side one by one.

use std::io::{self, IsTerminal};

use bytes::Bytes;

use crate::platform::{TerminalMode, WindowSize};

/// The terminal on standard input, as it was again when this is dropped.
pub(crate) struct RawTerminal {
    mode: TerminalMode,
    pub(crate) size: WindowSize,
    escape: Escape,
}

/// What the keys that were pressed come to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Keys {
    /// They go to the other side.
    Pass(Bytes),
    /// They leave.
    Leave,
}

impl RawTerminal {
    /// `None` where standard input is no terminal, or none that can be so.
    pub(crate) fn enter() -> io::Result<Option<Self>> {
        if !io::stdin().is_terminal() {
            return Ok(None);
        }
        let mode = TerminalMode::save()?;
        match mode.make_raw() {
            Err(error) if error.kind() == io::ErrorKind::Unsupported => Ok(None),
            Err(error) => Err(error),
            Ok(()) => Ok(Some(Self { mode, size: WindowSize::watch()?, escape: Escape::default() })),
        }
    }

    /// Has it be as it was for a moment, for lines of the client's own.
    pub(crate) fn pause(&self) -> io::Result<()> {
        self.mode.restore()
    }

    /// Goes on.
    pub(crate) fn resume(&self) -> io::Result<()> {
        self.mode.make_raw()
    }

    /// Takes what was typed.
    pub(crate) fn press(&mut self, keys: &[u8]) -> Keys {
        self.escape.press(keys)
    }
}

/// Finds the way out in what is typed: a tilde and a dot after Enter, as in ssh; a second tilde stands for one.
#[derive(Debug)]
struct Escape {
    /// Whether Enter was the last key, or none was.
    after_enter: bool,
    /// Whether a tilde waits for the key after it.
    tilde: bool,
}

impl Default for Escape {
    fn default() -> Self {
        Self { after_enter: true, tilde: false }
    }
}

impl Escape {
    fn press(&mut self, keys: &[u8]) -> Keys {
        let mut passed = Vec::with_capacity(keys.len() + 1);
        for &key in keys {
            match key {
                b'.' if self.tilde => return Keys::Leave,
                b'~' if self.after_enter && !self.tilde => {
                    self.tilde = true;
                    continue;
                }
                b'~' if self.tilde => passed.push(b'~'),
                key if self.tilde => passed.extend([b'~', key]),
                key => passed.push(key),
            }
            self.tilde = false;
            self.after_enter = matches!(key, b'\r' | b'\n');
        }
        Keys::Pass(passed.into())
    }
}

#[cfg(test)]
mod tests {
    use super::{Escape, Keys};

    /// What passes of keys that come one by one, until they leave.
    fn typed(keys: &[u8]) -> (Vec<u8>, bool) {
        let (mut escape, mut passed) = (Escape::default(), Vec::new());
        for key in keys {
            match escape.press(&[*key]) {
                Keys::Pass(keys) => passed.extend_from_slice(&keys),
                Keys::Leave => return (passed, true),
            }
        }
        (passed, false)
    }

    #[test]
    fn only_a_tilde_and_a_dot_after_enter_leave() {
        let cases: [(&[u8], &[u8], bool); 9] = [
            (b"~.", b"", true),
            (b"ls\r~.", b"ls\r", true),
            (b"ls\n~.x", b"ls\n", true),
            (b"a~.", b"a~.", false),
            (b"\r~~.", b"\r~.", false),
            (b"\r~/x\r", b"\r~/x\r", false),
            (b"\r~\r~.", b"\r~\r", true),
            (b"~", b"", false),
            (b"\x03\x1b[A\xff", b"\x03\x1b[A\xff", false),
        ];
        for (keys, passed, leaves) in cases {
            assert_eq!(typed(keys), (passed.to_vec(), leaves), "{}", keys.escape_ascii());
            let at_once = Escape::default().press(keys);
            let expected = if leaves { Keys::Leave } else { Keys::Pass(passed.to_vec().into()) };
            assert_eq!(at_once, expected, "{}", keys.escape_ascii());
        }
    }
}
