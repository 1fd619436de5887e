//! What answers: opened when a turn begins, closed before the turn is passed on.

mod answer;
mod connection;
mod occasion;
mod open;
mod pipe;
mod program;
#[cfg(unix)]
mod pty;
#[cfg(test)]
pub(crate) mod scripted;
mod serial;
mod settings;
mod target;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use tokio::time::sleep;
use vez_protocol::report;

use crate::ending::Ending;
use crate::record::Transcript;
pub(crate) use answer::{Answer, Said};
pub(crate) use occasion::Occasion;
pub(crate) use open::Open;
use pipe::Pipe;
use program::Launcher;
use serial::Serial;
pub use serial::{DeviceError, SerialLine};
pub use settings::{BehindError, Framing, Newline, Responder, Settings, Start};
pub use target::Target;

/// The longest wait before the next turn when what is behind fails and fails.
const LONGEST_RETRY: Duration = Duration::from_secs(60);

/// What stands behind Vez, and is opened for one conversation after the other; clones are the same.
#[derive(Clone, Debug)]
pub(crate) struct Backend {
    kind: Kind,
    settings: Arc<Settings>,
    /// Longest message in bytes.
    max_message: usize,
    /// How many times in a row it could not be opened.
    failures: Arc<AtomicU32>,
}

#[derive(Clone, Debug)]
enum Kind {
    Builtin(Responder),
    Program(Launcher),
    Connection(Target),
    Serial(Arc<Serial>),
    /// Does what a test says.
    #[cfg(test)]
    Scripted(scripted::Script),
}

impl Backend {
    pub(crate) fn new(settings: Settings, max_message: usize) -> Self {
        let settings = Arc::new(settings);
        let failures = Arc::default();
        let kind = match &settings.connect {
            Some(Target::Serial(line)) => {
                let serial = Serial::new((**line).clone(), settings.retry_wait, Arc::clone(&failures));
                Kind::Serial(Arc::new(serial))
            }
            Some(target) => Kind::Connection(target.clone()),
            None if settings.has_program() => Kind::Program(Launcher::new(Arc::clone(&settings))),
            None => Kind::Builtin(settings.responder),
        };
        Self { kind, settings, max_message, failures }
    }

    /// Opens what is kept open between turns, unless that is put off.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub(crate) fn start(&self) -> Result<(), DeviceError> {
        match &self.kind {
            Kind::Serial(serial) if !self.settings.lazy => serial.start(),
            _ => Ok(()),
        }
    }

    /// Looks after what is kept open between turns; runs until dropped.
    pub(crate) async fn keep(&self, transcript: &Transcript) {
        match &self.kind {
            Kind::Serial(serial) => serial.keep(transcript).await,
            Kind::Program(launcher) => {
                launcher.prepare();
                std::future::pending().await
            }
            _ => std::future::pending().await,
        }
    }

    /// What ends a line for what is behind, where that is known.
    pub(crate) fn newline(&self) -> Option<&'static str> {
        match &self.kind {
            Kind::Serial(serial) => Some(serial.newline()),
            // What the return key sends.
            _ if self.is_terminal() => Some(Newline::Cr.as_str()),
            _ => self.settings.newline.map(Newline::as_str),
        }
    }

    #[cfg(test)]
    pub(crate) fn scripted(script: scripted::Script, settings: Settings) -> Self {
        Self { kind: Kind::Scripted(script), ..Self::new(settings, 1000) }
    }

    /// What ends a conversation as a message, in any case; `None` where every message is answered.
    pub(crate) fn leave_word(&self) -> Option<&str> {
        match self.settings.leave_word.as_deref() {
            Some(word) if word.eq_ignore_ascii_case("off") => None,
            Some(word) => Some(word),
            None if self.is_raw() || matches!(self.kind, Kind::Builtin(Responder::Echo)) => None,
            None => Some(report::LEAVE),
        }
    }

    /// Whether bytes pass unchanged, and are no messages.
    pub(crate) fn is_raw(&self) -> bool {
        self.framing() == Framing::Raw
    }

    /// Whether the bytes are those of a terminal.
    pub(crate) fn is_terminal(&self) -> bool {
        match &self.kind {
            Kind::Serial(serial) => serial.is_terminal() && self.framing() == Framing::Raw,
            _ => self.settings.has_terminal(),
        }
    }

    /// How many times in a row it could not be opened.
    pub(crate) fn failures(&self) -> u32 {
        self.failures.load(Relaxed)
    }

    /// Longest message in bytes.
    pub(crate) fn max_message(&self) -> usize {
        self.max_message
    }

    fn framing(&self) -> Framing {
        match &self.kind {
            Kind::Connection(_) | Kind::Serial(_) => self.settings.framing.unwrap_or(Framing::Raw),
            Kind::Program(_) if self.is_terminal() => Framing::Raw,
            Kind::Program(_) => self.settings.framing.unwrap_or(Framing::Line),
            Kind::Builtin(_) => Framing::Line,
            #[cfg(test)]
            Kind::Scripted(_) => Framing::Line,
        }
    }

    /// Makes ready for one conversation.
    ///
    /// # Errors
    /// When what should answer cannot.
    pub(crate) async fn open(&self, occasion: &Occasion) -> Result<Open, Ending> {
        let opened = self.try_open(occasion).await;
        match opened {
            Ok(_) => self.failures.store(0, Relaxed),
            Err(_) => drop(self.failures.fetch_add(1, Relaxed)),
        }
        opened
    }

    async fn try_open(&self, occasion: &Occasion) -> Result<Open, Ending> {
        let newline = self.newline().unwrap_or(Newline::Lf.as_str());
        let pipe = |reader, writer| {
            let validity = occasion.validity.clone();
            Box::new(Pipe::new(reader, writer, self.framing(), newline, self.max_message, validity))
        };
        match &self.kind {
            Kind::Builtin(Responder::Report) => Ok(Open::Report),
            Kind::Builtin(Responder::Echo) => Ok(Open::Echo),
            Kind::Program(launcher) => {
                let (program, reader, writer) = launcher.launch(occasion)?;
                Ok(Open::Pipe(pipe(reader, writer), Some(Box::new(program))))
            }
            Kind::Connection(target) => {
                let (reader, writer) = connection::connect(target, self.settings.connect_time).await?;
                Ok(Open::Pipe(pipe(reader, writer), None))
            }
            Kind::Serial(serial) => {
                let turn = serial::Turn::begin(serial, self.framing(), self.max_message, &occasion.validity)?;
                Ok(Open::Serial(Box::new(turn)))
            }
            #[cfg(test)]
            Kind::Scripted(script) => script.open().await.map(Open::Scripted),
        }
    }

    /// Waits before the next turn if the last could not be served: longer with each failure.
    pub(crate) async fn rest(&self) {
        if let Some(doublings) = self.failures().checked_sub(1) {
            let wait = sleep((self.settings.retry_wait * 2_u32.pow(doublings.min(10))).min(LONGEST_RETRY));
            match &self.kind {
                Kind::Serial(serial) => {
                    tokio::select! {
                        () = wait => {}
                        () = serial.back() => {}
                    }
                }
                _ => wait.await,
            }
        }
    }
}
