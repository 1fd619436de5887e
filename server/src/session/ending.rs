//! How a conversation ends, and what the peer is told of it.

use std::io;
use std::time::Duration;

use vez_protocol::{ByeReason, CloseCode, DecodeError, LineEnding, NotUtf8, report};

/// How a conversation ended.
#[derive(Debug)]
pub(crate) enum Ending {
    /// The peer asked to leave, with a message that ended so.
    Farewell(LineEnding),
    /// The peer closed its side.
    Left,
    /// Something went wrong.
    Failure(Failure),
    /// Others wait, and the peer's time is over.
    Limit(Limit),
    /// The server is going away.
    Shutdown,
    /// Nobody more can wait.
    QueueFull,
    /// Nobody more from the peer's address can wait.
    Crowded,
}

/// What can go wrong in a conversation.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The peer reset the connection.
    #[error("conexão resetada")]
    Reset,
    /// What should be text is not.
    #[error("{0}")]
    NotText(String),
    /// A message exceeds the limit.
    #[error("{0}")]
    TooBig(String),
    /// The peer broke the WebSocket protocol.
    #[error("{0}")]
    Protocol(String),
    /// The peer does not take what is written to it, or answers no ping.
    #[error("o cliente não responde há {}", humantime::format_duration(*.0))]
    Unresponsive(Duration),
    /// As much waits to be written as may, so many bytes.
    #[error("o cliente não lê o que recebe: {0} bytes esperam por ele")]
    Unread(usize),
    /// The socket failed.
    #[error("{0}")]
    Io(io::Error),
    /// The conversation's code panicked.
    #[error("erro interno")]
    Panicked,
}

/// A time limit that runs while others wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Limit {
    /// So long without a message.
    #[error("limite de inatividade de {} atingido com outros na fila", humantime::format_duration(*.0))]
    Idle(Duration),
    /// So long a turn.
    #[error("limite de {} por vez atingido com outros na fila", humantime::format_duration(*.0))]
    Turn(Duration),
}

impl Limit {
    /// The limit in the words of `vez.v1`.
    pub(crate) fn reason(self) -> ByeReason {
        match self {
            Self::Idle(_) => ByeReason::IdleLimit,
            Self::Turn(_) => ByeReason::TurnLimit,
        }
    }
}

impl Ending {
    /// The ending as a Close frame's code and the reason in the words of `vez.v1`.
    pub(crate) fn codes(&self) -> (CloseCode, ByeReason) {
        match self {
            Self::Farewell(_) | Self::Left => (CloseCode::Normal, ByeReason::Farewell),
            Self::Shutdown => (CloseCode::GoingAway, ByeReason::Shutdown),
            Self::QueueFull | Self::Crowded => (CloseCode::TryAgainLater, ByeReason::QueueFull),
            Self::Limit(limit) => (CloseCode::Policy, limit.reason()),
            Self::Failure(Failure::NotText(_)) => (CloseCode::InvalidData, ByeReason::NotText),
            Self::Failure(Failure::TooBig(_)) => (CloseCode::TooBig, ByeReason::TooBig),
            Self::Failure(Failure::Protocol(_)) => (CloseCode::Protocol, ByeReason::Error),
            Self::Failure(Failure::Unresponsive(_) | Failure::Unread(_)) => {
                (CloseCode::Policy, ByeReason::Error)
            }
            Self::Failure(Failure::Reset | Failure::Io(_) | Failure::Panicked) => {
                (CloseCode::Internal, ByeReason::Error)
            }
        }
    }

    /// The ending in words for the peer.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Farewell(_) | Self::Left => report::FAREWELL.to_owned(),
            Self::Shutdown => "Servidor: encerrando.".to_owned(),
            Self::QueueFull => "Servidor: a fila está cheia. Tente mais tarde.".to_owned(),
            Self::Crowded => "Servidor: já há clientes demais do seu endereço na fila.".to_owned(),
            Self::Limit(limit) => format!("Servidor: {limit}."),
            Self::Failure(failure) => format!("Servidor: {failure}."),
        }
    }
}

impl Failure {
    /// A message of `size` bytes is over the `limit`.
    pub(crate) fn message_too_big(size: usize, limit: usize) -> Self {
        Self::TooBig(format!("mensagem de {size} bytes, maior que o limite de {limit}"))
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset};
        match error.kind() {
            BrokenPipe | ConnectionAborted | ConnectionReset => Self::Reset,
            _ => Self::Io(error),
        }
    }
}

impl From<DecodeError> for Failure {
    fn from(error: DecodeError) -> Self {
        match error {
            DecodeError::NotUtf8(error) => error.into(),
            DecodeError::TooLong { .. } => Self::TooBig(error.to_string()),
        }
    }
}

impl From<NotUtf8> for Failure {
    fn from(error: NotUtf8) -> Self {
        Self::NotText(error.to_string())
    }
}
