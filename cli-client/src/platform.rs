//! What differs between systems: signals and terminal modes.

#[cfg(any(windows, test))]
mod text;

#[cfg(unix)]
pub(crate) use unix::{Signals, TerminalMode, WindowSize};
#[cfg(windows)]
pub(crate) use windows::{Signals, TerminalMode, WindowSize};

/// How a user, or the system, asks the client to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// Ctrl-C.
    Interrupt,
    /// The system, or `kill`.
    Terminate,
    /// The terminal is gone.
    HangUp,
}

impl Signal {
    /// The exit status of a program that it ended: 128 and its number, as in a shell.
    pub(crate) fn exit_status(self) -> u8 {
        match self {
            Self::Interrupt => 130,
            Self::Terminate => 143,
            Self::HangUp => 129,
        }
    }
}

/// Standard output without a buffer and a search for newlines of its own.
#[cfg(unix)]
pub(crate) fn stdout() -> std::io::Result<std::fs::File> {
    use std::os::fd::AsFd;
    Ok(std::io::stdout().as_fd().try_clone_to_owned()?.into())
}

/// Standard output; to a console goes text alone, as that takes nothing else.
#[cfg(windows)]
pub(crate) fn stdout() -> std::io::Result<Box<dyn std::io::Write + Send>> {
    use std::io::{IsTerminal, stdout};
    Ok(if stdout().is_terminal() { Box::new(text::TextOnly::new(stdout())) } else { Box::new(stdout()) })
}

/// The key of which a terminal makes an end also where keys come one by one.
#[cfg(unix)]
pub(crate) const END_KEY: Option<&[u8]> = None;

/// The key of which a console makes an end also where keys come one by one: Ctrl-Z.
#[cfg(windows)]
pub(crate) const END_KEY: Option<&[u8]> = Some(b"\x1a");

#[cfg(unix)]
mod unix {
    use std::io;

    use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};
    use tokio::signal::unix::{self, SignalKind, signal};

    use super::Signal;

    /// The signals by which a user asks to leave.
    pub(crate) struct Signals {
        interrupt: unix::Signal,
        terminate: unix::Signal,
        hang_up: unix::Signal,
    }

    impl Signals {
        /// Catches the signals from now on.
        pub(crate) fn listen() -> io::Result<Self> {
            Ok(Self {
                interrupt: signal(SignalKind::interrupt())?,
                terminate: signal(SignalKind::terminate())?,
                hang_up: signal(SignalKind::hangup())?,
            })
        }

        /// The next signal; dropped before its end, none is lost.
        pub(crate) async fn next(&mut self) -> Signal {
            tokio::select! {
                _ = self.interrupt.recv() => Signal::Interrupt,
                _ = self.terminate.recv() => Signal::Terminate,
                _ = self.hang_up.recv() => Signal::HangUp,
            }
        }
    }

    /// The mode of the terminal on standard input, restored when this is dropped.
    pub(crate) struct TerminalMode(Termios);

    impl TerminalMode {
        /// Remembers the present mode.
        pub(crate) fn save() -> io::Result<Self> {
            Ok(Self(tcgetattr(io::stdin())?))
        }

        /// Sets the remembered mode.
        pub(crate) fn restore(&self) -> io::Result<()> {
            Ok(tcsetattr(io::stdin(), OptionalActions::Now, &self.0)?)
        }

        /// Has every key come as it is typed, and means nothing (termios(3), cfmakeraw).
        pub(crate) fn make_raw(&self) -> io::Result<()> {
            let mut raw = self.0.clone();
            raw.make_raw();
            Ok(tcsetattr(io::stdin(), OptionalActions::Now, &raw)?)
        }
    }

    /// The size of the terminal's window.
    pub(crate) struct WindowSize {
        changes: unix::Signal,
        /// Whether it is to be told without a change.
        is_due: bool,
    }

    impl WindowSize {
        /// Watches it from now on.
        pub(crate) fn watch() -> io::Result<Self> {
            Ok(Self { changes: signal(SignalKind::window_change())?, is_due: true })
        }

        /// Has it told again.
        pub(crate) fn repeat(&mut self) {
            self.is_due = true;
        }

        /// Columns and rows, at first and whenever they change; dropped before its end, nothing is lost.
        pub(crate) async fn next(&mut self) -> (u16, u16) {
            loop {
                if !self.is_due {
                    self.changes.recv().await;
                }
                self.is_due = false;
                // What is no terminal any more has no size.
                if let Ok(size) = tcgetwinsize(io::stdin()) {
                    return (size.ws_col, size.ws_row);
                }
            }
        }
    }

    impl Drop for TerminalMode {
        fn drop(&mut self) {
            // A terminal that is gone has no mode.
            let _ = self.restore();
        }
    }
}

#[cfg(windows)]
mod windows {
    use std::io;
    use std::time::Duration;

    use tokio::signal::windows::{CtrlBreak, CtrlC, CtrlClose, ctrl_break, ctrl_c, ctrl_close};
    use tokio::time::{Interval, interval};
    use winapi_util::HandleRef;
    use winapi_util::console::{mode, screen_buffer_info, set_mode};

    use super::Signal;

    /// The console's events by which a user asks to leave.
    pub(crate) struct Signals {
        interrupt: CtrlC,
        terminate: CtrlBreak,
        hang_up: CtrlClose,
    }

    impl Signals {
        /// Catches the events from now on.
        pub(crate) fn listen() -> io::Result<Self> {
            Ok(Self { interrupt: ctrl_c()?, terminate: ctrl_break()?, hang_up: ctrl_close()? })
        }

        /// The next event; dropped before its end, none is lost.
        pub(crate) async fn next(&mut self) -> Signal {
            tokio::select! {
                _ = self.interrupt.recv() => Signal::Interrupt,
                _ = self.terminate.recv() => Signal::Terminate,
                _ = self.hang_up.recv() => Signal::HangUp,
            }
        }
    }

    // What consoles can do (SetConsoleMode, Microsoft's console documentation).
    const PROCESSED_INPUT: u32 = 0x1;
    const LINE_INPUT: u32 = 0x2;
    const ECHO_INPUT: u32 = 0x4;
    const TERMINAL_INPUT: u32 = 0x200;
    const PROCESSED_OUTPUT: u32 = 0x1;
    const TERMINAL_OUTPUT: u32 = 0x4;
    const NO_RETURN_WITH_NEWLINE: u32 = 0x8;

    /// How often a window's size is looked at: what tells of its changes takes the keys too.
    const LOOK: Duration = Duration::from_millis(500);

    /// The modes of the console on standard input and output, restored when this is dropped.
    pub(crate) struct TerminalMode {
        input: u32,
        /// None where standard output is no console.
        output: Option<u32>,
    }

    impl TerminalMode {
        /// Remembers the present modes.
        pub(crate) fn save() -> io::Result<Self> {
            Ok(Self { input: mode(HandleRef::stdin())?, output: mode(HandleRef::stdout()).ok() })
        }

        /// Sets the remembered modes.
        pub(crate) fn restore(&self) -> io::Result<()> {
            set_modes(self.input, self.output)
        }

        /// Has every key come as it is typed, and as xterm sends it; and has what is written drive the console.
        pub(crate) fn make_raw(&self) -> io::Result<()> {
            let input = self.input & !(PROCESSED_INPUT | LINE_INPUT | ECHO_INPUT) | TERMINAL_INPUT;
            let drives = PROCESSED_OUTPUT | TERMINAL_OUTPUT | NO_RETURN_WITH_NEWLINE;
            set_modes(input, self.output.map(|output| output | drives)).map_err(|error| {
                // Those before Windows 10 do not know it.
                let _ = self.restore();
                io::Error::new(io::ErrorKind::Unsupported, error)
            })
        }
    }

    fn set_modes(input: u32, output: Option<u32>) -> io::Result<()> {
        set_mode(HandleRef::stdin(), input)?;
        output.map_or(Ok(()), |output| set_mode(HandleRef::stdout(), output))
    }

    impl Drop for TerminalMode {
        fn drop(&mut self) {
            // A console that is gone has no mode.
            let _ = self.restore();
        }
    }

    /// The size of the console's window.
    pub(crate) struct WindowSize {
        looks: Interval,
        /// The one that was told last; none has it told without a change.
        told: Option<(u16, u16)>,
    }

    impl WindowSize {
        /// Watches it from now on.
        pub(crate) fn watch() -> io::Result<Self> {
            Ok(Self { looks: interval(LOOK), told: None })
        }

        /// Has it told again.
        pub(crate) fn repeat(&mut self) {
            self.told = None;
        }

        /// Columns and rows, at first and whenever they change; dropped before its end, nothing is lost.
        pub(crate) async fn next(&mut self) -> (u16, u16) {
            loop {
                if let Some(size) = window_size()
                    && self.told != Some(size)
                {
                    self.told = Some(size);
                    return size;
                }
                self.looks.tick().await;
            }
        }
    }

    /// What is seen of the console on standard output, if that is one.
    fn window_size() -> Option<(u16, u16)> {
        let window = screen_buffer_info(HandleRef::stdout()).ok()?.window_rect();
        let size = |first: i16, last: i16| u16::try_from(i32::from(last) - i32::from(first) + 1).ok();
        Some((size(window.left, window.right)?, size(window.top, window.bottom)?))
    }
}
