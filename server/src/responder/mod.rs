//! What answers: opened when a turn begins, closed before the turn is passed on.

mod connection;
mod pipe;
mod program;
#[cfg(test)]
pub(crate) mod scripted;
mod serial;
mod settings;
mod target;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use bytestring::ByteString;
use tokio::net::TcpStream;
use tokio::time::sleep;
use vez_protocol::{Message, report};

use crate::ending::Ending;
use crate::record::Transcript;
use crate::seat::Transport;
use pipe::Pipe;
use program::{Launcher, Program};
use serial::Serial;
pub use serial::{DeviceError, SerialLine};
pub use settings::{Framing, Missing, Settings, Start};
pub use target::Target;

/// How much of a message to the echo the transcript shows: some lines of a terminal.
const ECHO_RECORDED: usize = 256;

/// The longest wait before the next turn when what is behind fails and fails.
const LONGEST_RETRY: Duration = Duration::from_secs(60);

/// Who answers the messages of a conversation, of those built in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Responder {
    /// The report's server: says what it received, and bids farewell.
    #[default]
    Report,
    /// Answers every message with itself, `sair` included.
    Echo,
}

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

/// The turn for which something is opened.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Occasion {
    /// The session's number in the log.
    pub(crate) session: u64,
    pub(crate) transport: Transport,
    pub(crate) peer: SocketAddr,
    /// The turn's fencing number.
    pub(crate) fence: u64,
}

/// What answers in one conversation.
#[derive(Debug)]
pub(crate) enum Open {
    Report,
    Echo,
    /// Bytes both ways, perhaps with a program.
    Pipe(Box<Pipe>, Option<Box<Program>>),
    /// A device that is given back.
    Serial(Box<serial::Turn>),
    /// Does what a test says.
    #[cfg(test)]
    Scripted(scripted::Scripted),
}

/// What a responder has for a message.
#[derive(Debug)]
pub(crate) enum Answer<'a> {
    /// A text, whose parts these are.
    Text([&'a str; 3]),
    /// The message itself.
    Itself,
    /// Nothing yet: what it says comes by [`Open::poll_said`].
    Later,
}

/// What a responder says by itself.
#[derive(Debug)]
pub(crate) enum Said {
    /// A text: the answer to the oldest message that has none yet, or something unprompted.
    Text(ByteString),
    /// Bytes of a stream.
    Bytes(Bytes),
    /// Nothing more.
    End,
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
            None if settings.exec => Kind::Program(Launcher::new(Arc::clone(&settings))),
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
            _ => None,
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
        let pipe = |reader, writer| Box::new(Pipe::new(reader, writer, self.framing(), self.max_message));
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
                serial.lend(self.framing(), self.max_message).map(Box::new).map(Open::Serial)
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

impl Open {
    /// How many bytes of a message the transcript shows, at the most.
    ///
    /// An echo is there to try tools with, and what these send may be long: its beginning tells it from others.
    pub(crate) fn recorded(&self) -> usize {
        if matches!(self, Self::Echo) { ECHO_RECORDED } else { usize::MAX }
    }

    /// Whether a message must spell text.
    pub(crate) fn needs_text(&self) -> bool {
        match self {
            Self::Echo => false,
            Self::Pipe(pipe, _) => !pipe.is_raw(),
            Self::Serial(turn) => !turn.is_raw(),
            Self::Report => true,
            #[cfg(test)]
            Self::Scripted(_) => true,
        }
    }

    /// Ready when another message may be handed over.
    pub(crate) fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match self {
            Self::Report | Self::Echo => Poll::Ready(()),
            Self::Pipe(pipe, _) => pipe.poll_ready(cx),
            Self::Serial(turn) => turn.poll_ready(cx),
            #[cfg(test)]
            Self::Scripted(script) => script.poll_ready(),
        }
    }

    /// Whether it takes no more, whatever it may still say.
    pub(crate) fn is_deaf(&self) -> bool {
        matches!(self, Self::Pipe(pipe, _) if pipe.is_deaf())
    }

    /// The socket to which and from which bytes go as they are, once none of them waits here.
    pub(crate) fn socket(&self) -> Option<&TcpStream> {
        match self {
            Self::Pipe(pipe, None) => pipe.socket(),
            _ => None,
        }
    }

    /// Hands a message over.
    pub(crate) fn answer<'a>(&mut self, message: &'a Message) -> Result<Answer<'a>, Ending> {
        match self {
            Self::Report => Ok(Answer::Text(report::Received(message.as_text()?).parts())),
            Self::Echo => Ok(Answer::Itself),
            Self::Pipe(pipe, _) => {
                pipe.push(message);
                Ok(Answer::Later)
            }
            Self::Serial(turn) => {
                turn.push(message);
                Ok(Answer::Later)
            }
            #[cfg(test)]
            Self::Scripted(script) => script.answer(message),
        }
    }

    /// No more messages will come; whether more may be said nevertheless.
    pub(crate) fn end_input(&mut self) -> bool {
        match self {
            Self::Report | Self::Echo => false,
            Self::Pipe(pipe, _) => {
                pipe.end_input();
                true
            }
            Self::Serial(turn) => {
                turn.end_input();
                true
            }
            #[cfg(test)]
            Self::Scripted(script) => script.end_input(),
        }
    }

    /// What it says by itself, or how it ends.
    pub(crate) fn poll_said(&mut self, cx: &mut Context<'_>) -> Poll<Result<Said, Ending>> {
        match self {
            Self::Report | Self::Echo => Poll::Pending,
            Self::Pipe(pipe, program) => match (ready!(pipe.poll_said(cx)), program) {
                (Ok(Some(said)), _) => Poll::Ready(Ok(said)),
                (Err(error), _) => Poll::Ready(Err(Ending::Unavailable(error.to_string()))),
                (Ok(None), Some(program)) => program.poll_ended(cx).map(Err),
                (Ok(None), None) if pipe.is_raw() => Poll::Ready(Ok(Said::End)),
                (Ok(None), None) => Poll::Ready(Err(Ending::Ended(None))),
            },
            Self::Serial(turn) => turn.poll_said(cx),
            #[cfg(test)]
            Self::Scripted(script) => script.poll_said(cx),
        }
    }

    /// Closes it; whatever it had is free for the next conversation when this returns.
    pub(crate) async fn close(self) {
        match self {
            Self::Report | Self::Echo => {}
            Self::Pipe(pipe, Some(program)) => {
                // What it still says is read, so that it can end as it likes.
                let discarding = pipe.discard();
                tokio::select! {
                    () = program.close() => {}
                    () = discarding => {}
                }
            }
            Self::Pipe(_, None) => {}
            Self::Serial(turn) => turn.close().await,
            #[cfg(test)]
            Self::Scripted(script) => script.close().await,
        }
    }
}
