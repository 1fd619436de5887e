//! What differs between Unix and other systems: signals and terminal modes.

#[cfg(not(unix))]
pub(crate) use plain::{Interrupts, TerminalMode};
#[cfg(unix)]
pub(crate) use unix::{Interrupts, TerminalMode};

#[cfg(unix)]
mod unix {
    use std::io;

    use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};
    use tokio::signal::unix::{Signal, SignalKind, signal};

    /// The signals by which a user asks to leave.
    pub(crate) struct Interrupts {
        interrupt: Signal,
        terminate: Signal,
        hang_up: Signal,
    }

    impl Interrupts {
        /// Catches the signals from now on.
        pub(crate) fn listen() -> io::Result<Self> {
            Ok(Self {
                interrupt: signal(SignalKind::interrupt())?,
                terminate: signal(SignalKind::terminate())?,
                hang_up: signal(SignalKind::hangup())?,
            })
        }

        /// Completes at the next signal; dropped before its end, none is lost.
        pub(crate) async fn next(&mut self) {
            tokio::select! {
                _ = self.interrupt.recv() => {}
                _ = self.terminate.recv() => {}
                _ = self.hang_up.recv() => {}
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
    }

    impl Drop for TerminalMode {
        fn drop(&mut self) {
            // A terminal that is gone has no mode.
            let _ = self.restore();
        }
    }
}

#[cfg(not(unix))]
mod plain {
    use std::io;

    /// Ctrl-C.
    pub(crate) struct Interrupts;

    impl Interrupts {
        /// Catches Ctrl-C where the system can.
        pub(crate) fn listen() -> io::Result<Self> {
            Ok(Self)
        }

        /// Completes at the next Ctrl-C.
        pub(crate) async fn next(&mut self) {
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending().await
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

        /// Restores nothing.
        #[expect(clippy::unused_self, reason = "elsewhere there is something to restore")]
        pub(crate) fn restore(&self) -> io::Result<()> {
            Ok(())
        }
    }
}
