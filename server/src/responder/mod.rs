//! What answers: opened when a turn begins, closed before the turn is passed on.

#[cfg(test)]
pub(crate) mod scripted;

use std::task::{Context, Poll};

use bytestring::ByteString;
use vez_protocol::{Message, report};

use crate::ending::Ending;

/// How much of a message to the echo the transcript shows: some lines of a terminal.
const ECHO_RECORDED: usize = 256;

/// Who answers the messages of a conversation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Responder {
    /// The report's server: says what it received, and bids farewell.
    #[default]
    Report,
    /// Answers every message with itself, `sair` included.
    Echo,
}

/// What stands behind Vez, and is opened for one conversation after the other.
#[derive(Clone, Debug)]
pub(crate) enum Backend {
    Builtin(Responder),
    /// Does what a test says.
    #[cfg(test)]
    Scripted(scripted::Script),
}

/// What answers in one conversation.
#[derive(Debug)]
pub(crate) enum Open {
    Report,
    Echo,
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
    #[cfg_attr(not(test), expect(dead_code, reason = "report and echo answer at once"))]
    Later,
}

/// What a responder says by itself.
#[derive(Debug)]
#[cfg_attr(not(test), expect(dead_code, reason = "report and echo speak only when spoken to"))]
pub(crate) enum Said {
    /// The answer to the oldest message that has none yet.
    Reply(ByteString),
    /// Something unprompted.
    Output(ByteString),
}

impl Backend {
    /// What ends a conversation as a message, in any case; `None` where every message is answered.
    pub(crate) fn leave_word(&self) -> Option<&'static str> {
        match self {
            Self::Builtin(Responder::Report) => Some(report::LEAVE),
            Self::Builtin(Responder::Echo) => None,
            #[cfg(test)]
            Self::Scripted(_) => None,
        }
    }

    /// Makes ready for one conversation.
    ///
    /// # Errors
    /// When what should answer cannot.
    pub(crate) async fn open(&self) -> Result<Open, Ending> {
        match self {
            Self::Builtin(Responder::Report) => Ok(Open::Report),
            Self::Builtin(Responder::Echo) => Ok(Open::Echo),
            #[cfg(test)]
            Self::Scripted(script) => script.open().await.map(Open::Scripted),
        }
    }
}

impl Open {
    /// How many bytes of a message the transcript shows, at the most.
    ///
    /// The report shows all. An echo is there to try tools with, and what these send may be long: its beginning
    /// tells it from others.
    pub(crate) fn recorded(&self) -> usize {
        match self {
            Self::Echo => ECHO_RECORDED,
            Self::Report => usize::MAX,
            #[cfg(test)]
            Self::Scripted(_) => usize::MAX,
        }
    }

    /// Whether a message must spell text.
    pub(crate) fn needs_text(&self) -> bool {
        matches!(self, Self::Report)
    }

    /// Whether a message asks to leave.
    pub(crate) fn is_leave(&self, message: &Message) -> bool {
        matches!(self, Self::Report) && message.as_bytes().eq_ignore_ascii_case(report::LEAVE.as_bytes())
    }

    /// Ready when another message may be handed over.
    pub(crate) fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Ending>> {
        match self {
            Self::Report | Self::Echo => Poll::Ready(Ok(())),
            #[cfg(test)]
            Self::Scripted(script) => script.poll_ready(_cx),
        }
    }

    /// Hands a message over.
    pub(crate) fn answer<'a>(&mut self, message: &'a Message) -> Result<Answer<'a>, Ending> {
        match self {
            Self::Report => Ok(Answer::Text(report::Received(message.as_text()?).parts())),
            Self::Echo => Ok(Answer::Itself),
            #[cfg(test)]
            Self::Scripted(script) => script.answer(message),
        }
    }

    /// No more messages will come; whether more may be said nevertheless.
    pub(crate) fn end_input(&mut self) -> bool {
        match self {
            Self::Report | Self::Echo => false,
            #[cfg(test)]
            Self::Scripted(script) => script.end_input(),
        }
    }

    /// What it says by itself, or how it ends.
    pub(crate) fn poll_said(&mut self, _cx: &mut Context<'_>) -> Poll<Result<Said, Ending>> {
        match self {
            Self::Report | Self::Echo => Poll::Pending,
            #[cfg(test)]
            Self::Scripted(script) => script.poll_said(_cx),
        }
    }

    /// Closes it; whatever it had is free for the next conversation when this returns.
    pub(crate) async fn close(self) {
        match self {
            Self::Report | Self::Echo => {}
            #[cfg(test)]
            Self::Scripted(script) => script.close().await,
        }
    }
}
