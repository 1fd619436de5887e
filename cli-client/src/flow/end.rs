//! How a conversation ends.

use std::io;
use std::process::ExitCode;

use crate::platform::Signal;
use crate::texts;
use crate::transport::{Closing, Failure};

/// What the exit status tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The user left, and the server answered.
    Success,
    /// There was no connection, or it ended otherwise.
    Failure,
    /// The user, or the system, ended it; this is the exit status of the signal.
    Interrupted(u8),
    /// The program that answered ended with this status, and the stream with it.
    Program(u8),
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Success => Self::SUCCESS,
            Outcome::Failure => Self::FAILURE,
            Outcome::Interrupted(status) | Outcome::Program(status) => Self::from(status),
        }
    }
}

/// Why the conversation is over.
#[derive(Debug)]
pub(super) enum End {
    /// The user left, and the server answered.
    Left,
    /// The user, or the system, asks to end now.
    Interrupted(Signal),
    /// What answered has ended by itself, with this status.
    Ended(i32),
    /// The server ended it.
    Closed(Option<Closing>),
    /// The connection failed.
    Failed(Failure),
    /// The connection failed, or was silent, when only the farewell was awaited.
    NoFarewell(Failure),
    /// The user can no longer be reached.
    Console(io::Error),
}

impl End {
    /// What the user is told of it.
    pub(super) fn line(&self) -> Option<String> {
        match self {
            Self::Left | Self::Ended(_) | Self::Interrupted(_) | Self::Console(_) => None,
            Self::Closed(closing) => Some(texts::closed(closing.as_ref())),
            Self::Failed(failure) => Some(texts::failed(failure)),
            Self::NoFarewell(failure) => Some(texts::no_farewell(failure)),
        }
    }

    /// What the exit status tells of it, if `signal` is what began it.
    pub(super) fn outcome(&self, signal: Option<Signal>) -> Outcome {
        match (self, signal) {
            (Self::Left | Self::Ended(0), _) => Outcome::Success,
            // What no exit status can tell is a failure nevertheless.
            (Self::Ended(status), _) => Outcome::Program(u8::try_from(*status).unwrap_or(1)),
            (_, Some(signal)) => Outcome::Interrupted(signal.exit_status()),
            (Self::Interrupted(signal), None) => Outcome::Interrupted(signal.exit_status()),
            (Self::Closed(_) | Self::Failed(_) | Self::NoFarewell(_) | Self::Console(_), None) => {
                Outcome::Failure
            }
        }
    }
}

impl From<Option<Signal>> for End {
    /// What is received of [`Interrupts`](crate::interrupts::Interrupts).
    fn from(signal: Option<Signal>) -> Self {
        Self::Interrupted(signal.unwrap_or(Signal::HangUp))
    }
}

impl From<Failure> for End {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<io::Error> for End {
    fn from(error: io::Error) -> Self {
        Self::Console(error)
    }
}
