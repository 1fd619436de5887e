//! What differs between systems: signals and terminal modes.

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

/// Standard output, which makes a console's text of UTF-8.
#[cfg(windows)]
pub(crate) fn stdout() -> std::io::Result<std::io::Stdout> {
    Ok(std::io::stdout())
}

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

    use tokio::signal::windows::{CtrlBreak, CtrlC, CtrlClose, ctrl_break, ctrl_c, ctrl_close};

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

    /// A terminal whose mode only the line editor knows.
    pub(crate) struct TerminalMode;

    impl TerminalMode {
        /// Remembers nothing.
        pub(crate) fn save() -> io::Result<Self> {
            Ok(Self)
        }

        /// The console has no such mode here.
        #[expect(clippy::unused_self, reason = "the same face as elsewhere")]
        pub(crate) fn make_raw(&self) -> io::Result<()> {
            Err(io::ErrorKind::Unsupported.into())
        }

        /// Restores nothing.
        #[expect(clippy::unused_self, reason = "elsewhere there is something to restore")]
        pub(crate) fn restore(&self) -> io::Result<()> {
            Ok(())
        }
    }

    /// The size of a console's window, which nothing tells of here.
    pub(crate) struct WindowSize;

    #[expect(clippy::unused_self, reason = "the same face as elsewhere")]
    impl WindowSize {
        /// Watches nothing.
        pub(crate) fn watch() -> io::Result<Self> {
            Ok(Self)
        }

        /// Nothing is told again.
        pub(crate) fn repeat(&mut self) {}

        /// Never ready.
        pub(crate) async fn next(&mut self) -> (u16, u16) {
            std::future::pending().await
        }
    }
}
