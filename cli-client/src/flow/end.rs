//! How a conversation ends.

use std::io;
use std::process::ExitCode;

use crate::texts;
use crate::transport::{Closing, Failure};

/// What the exit status tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The user left.
    Success,
    /// There was no connection, or it ended otherwise.
    Failure,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Success => Self::SUCCESS,
            Outcome::Failure => Self::FAILURE,
        }
    }
}

/// Why the conversation is over.
#[derive(Debug)]
pub(super) enum End {
    /// The user left.
    Left,
    /// The server ended it.
    Closed(Option<Closing>),
    /// The connection failed.
    Failed(Failure),
    /// The connection failed when only the farewell was awaited.
    NoFarewell(Failure),
    /// The user can no longer be reached.
    Console(io::Error),
}

impl End {
    /// What the user is told of it.
    pub(super) fn line(&self) -> Option<String> {
        match self {
            Self::Left | Self::Console(_) => None,
            Self::Closed(closing) => Some(texts::closed(closing.as_ref())),
            Self::Failed(failure) => Some(texts::failed(failure)),
            Self::NoFarewell(failure) => Some(texts::no_farewell(failure)),
        }
    }

    pub(super) fn outcome(&self) -> Outcome {
        match self {
            Self::Left => Outcome::Success,
            Self::Closed(_) | Self::Failed(_) | Self::NoFarewell(_) | Self::Console(_) => Outcome::Failure,
        }
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
