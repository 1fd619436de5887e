//! A responder in one conversation.

use std::task::{Context, Poll};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::timeout;
use vez_protocol::{Message, report};

use super::answer::{Answer, Said};
use super::pipe::Pipe;
use super::program::Program;
#[cfg(test)]
use super::scripted;
use super::serial::Turn;
use crate::ending::Ending;

/// How much of a message to the echo the transcript shows: some lines of a terminal.
const ECHO_RECORDED: usize = 256;

/// How long what is connected to may take for what was said last.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// What answers in one conversation.
#[derive(Debug)]
pub(crate) enum Open {
    Report,
    Echo,
    /// Bytes both ways, perhaps with a program.
    Pipe(Box<Pipe>, Option<Box<Program>>),
    /// A device that is given back.
    Serial(Box<Turn>),
    /// Does what a test says.
    #[cfg(test)]
    Scripted(scripted::Scripted),
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

    /// Tells a terminal the size of the window in which it is shown.
    pub(crate) fn resize(&self, cols: u16, rows: u16) {
        if let Self::Pipe(pipe, _) = self {
            pipe.resize(cols, rows);
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
            Self::Pipe(pipe, program) => match (pipe.poll_said(cx), program) {
                (Poll::Ready(Ok(Some(said))), _) => Poll::Ready(Ok(said)),
                (Poll::Ready(Err(error)), _) => Poll::Ready(Err(Ending::Unavailable(error.to_string()))),
                (said, Some(program)) => program.poll_ended(cx, said.is_ready()).map(Err),
                (Poll::Pending, None) => Poll::Pending,
                (_, None) if pipe.is_raw() => Poll::Ready(Ok(Said::End)),
                (_, None) => Poll::Ready(Err(Ending::Ended(None))),
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
            // The turn is lost, and may be another's already.
            Self::Pipe(pipe, program) if !pipe.is_valid() => {
                pipe.reset();
                if let Some(program) = program {
                    program.kill().await;
                }
            }
            // Who closes a terminal's window hangs up: the program gets SIGHUP.
            Self::Pipe(pipe, Some(program)) if program.has_terminal() => {
                drop(pipe);
                program.close().await;
            }
            Self::Pipe(pipe, Some(program)) => {
                // What it still says is read, so that it can end as it likes.
                let discarding = pipe.discard();
                tokio::select! {
                    () = program.close() => {}
                    () = discarding => {}
                }
            }
            // Who sent a last message and left at once has said it.
            Self::Pipe(mut pipe, None) => drop(timeout(LAST_WORDS, pipe.written()).await),
            Self::Serial(turn) => turn.close().await,
            #[cfg(test)]
            Self::Scripted(script) => script.close().await,
        }
    }
}
