//! How a connection ends, and the one table of what is said at each end.

use std::io;
use std::time::Duration;

use vez_protocol::{ByeReason, CloseCode, DecodeError, LineEnding, NotUtf8, report};

use crate::units::Rounded;

/// How a connection ended, before, in or instead of its turn.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Ending {
    /// The peer asked to leave, with a message that ended so.
    #[error("desconectando")]
    Farewell(LineEnding),
    /// The peer closed its side.
    #[error("desconectando")]
    Left,
    /// What answered has ended by itself, a program with this status.
    #[error("{}", ended(*.0))]
    Ended(Option<i32>),
    /// What should have answered cannot be reached, or failed.
    #[error("{0}")]
    Unavailable(String),
    /// The server is going away.
    #[error("encerrando")]
    Shutdown,
    /// Nobody more can wait.
    #[error("a fila está cheia. Tente mais tarde")]
    QueueFull,
    /// Nobody more from the peer's address can wait.
    #[error("já há clientes demais do seu endereço na fila")]
    PerAddress,
    /// The peer's user has as many places and turns as it may.
    #[error("já há lugares demais com o seu nome")]
    PerUser,
    /// The queue, which other servers share, cannot be reached.
    #[error("a fila não pode ser alcançada. Tente mais tarde")]
    QueueAway,
    /// The turn, or the place in the queue, was lost.
    #[error("a vez se perdeu. Volte para a fila")]
    Lost,
    /// Another connection took the seat over.
    #[error("a conversa continua em outra conexão")]
    TakenOver,
    /// So long without a message while others waited.
    #[error("limite de inatividade de {} atingido com outros na fila", Rounded(*.0))]
    IdleLimit(Duration),
    /// So long a turn while others waited.
    #[error("limite de {} por vez atingido com outros na fila", Rounded(*.0))]
    TurnLimit(Duration),
    /// A browser spoke HTTP where raw TCP is spoken.
    #[error("este endereço não fala HTTP")]
    Http,
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
    #[error("o cliente não responde há {}", Rounded(*.0))]
    Unresponsive(Duration),
    /// The kernel gave the peer's network up (ETIMEDOUT).
    #[error("a rede do cliente não responde")]
    Unreachable,
    /// The socket failed.
    #[error("{0}")]
    Io(io::Error),
    /// The conversation's code panicked.
    #[error("erro interno")]
    Panicked,
}

impl Ending {
    /// The ending as a Close frame's code (RFC 6455 §7.4) and as the reason in `vez.v1`.
    pub(crate) fn codes(&self) -> (CloseCode, ByeReason) {
        match self {
            Self::Farewell(_) | Self::Left => (CloseCode::Normal, ByeReason::Farewell),
            Self::Ended(_) => (CloseCode::Normal, ByeReason::Ended),
            Self::Unavailable(_) => (CloseCode::BadGateway, ByeReason::Unavailable),
            Self::Shutdown => (CloseCode::GoingAway, ByeReason::Shutdown),
            Self::QueueFull => (CloseCode::TryAgainLater, ByeReason::QueueFull),
            Self::PerAddress => (CloseCode::TryAgainLater, ByeReason::PerAddress),
            Self::PerUser => (CloseCode::TryAgainLater, ByeReason::PerUser),
            Self::QueueAway => (CloseCode::TryAgainLater, ByeReason::Unavailable),
            Self::Lost => (CloseCode::Restart, ByeReason::Lost),
            Self::TakenOver => (CloseCode::TakenOver, ByeReason::TakenOver),
            Self::IdleLimit(_) => (CloseCode::Policy, ByeReason::IdleLimit),
            Self::TurnLimit(_) => (CloseCode::Policy, ByeReason::TurnLimit),
            Self::NotText(_) => (CloseCode::InvalidData, ByeReason::NotText),
            Self::TooBig(_) => (CloseCode::TooBig, ByeReason::TooBig),
            Self::Protocol(_) | Self::Http => (CloseCode::Protocol, ByeReason::Error),
            Self::Unresponsive(_) => (CloseCode::Policy, ByeReason::Error),
            Self::Reset | Self::Unreachable | Self::Io(_) | Self::Panicked => {
                (CloseCode::Internal, ByeReason::Error)
            }
        }
    }

    /// The ending in words for the peer.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Farewell(_) | Self::Left => report::FAREWELL.to_owned(),
            ending => format!("Servidor: {ending}."),
        }
    }

    /// The exit status of the program that ended, for `vez.v1`.
    pub(crate) fn status(&self) -> Option<i32> {
        match self {
            Self::Ended(status) => *status,
            _ => None,
        }
    }

    /// Whether the peer can still be told anything.
    pub(crate) fn can_be_told(&self) -> bool {
        !matches!(self, Self::Reset | Self::Unreachable | Self::Io(_))
    }

    /// Whether it is the connection that ended: who comes over another has said nothing of leaving.
    pub(crate) fn is_loss(&self) -> bool {
        matches!(self, Self::Left | Self::Reset | Self::Unreachable | Self::Io(_) | Self::Unresponsive(_))
    }

    /// A message of `size` bytes is over the `limit`.
    pub(crate) fn message_too_big(size: usize, limit: usize) -> Self {
        Self::TooBig(format!("mensagem de {size} bytes, maior que o limite de {limit}"))
    }
}

fn ended(status: Option<i32>) -> String {
    match status {
        Some(status) => format!("o programa terminou com o estado {status}"),
        None => "quem atendia terminou".to_owned(),
    }
}

impl From<io::Error> for Ending {
    fn from(error: io::Error) -> Self {
        use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, TimedOut};
        match error.kind() {
            BrokenPipe | ConnectionAborted | ConnectionReset => Self::Reset,
            TimedOut => Self::Unreachable,
            _ => Self::Io(error),
        }
    }
}

impl From<DecodeError> for Ending {
    fn from(error: DecodeError) -> Self {
        match error {
            DecodeError::NotUtf8(error) => error.into(),
            DecodeError::TooLong { .. } => Self::TooBig(error.to_string()),
        }
    }
}

impl From<NotUtf8> for Ending {
    fn from(error: NotUtf8) -> Self {
        Self::NotText(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_timeout_is_not_the_write_limit() {
        let gone = Ending::from(io::Error::from(io::ErrorKind::TimedOut));
        assert!(matches!(gone, Ending::Unreachable) && !gone.can_be_told());
        assert_eq!(gone.to_string(), "a rede do cliente não responde");
        let slow = Ending::Unresponsive(Duration::from_nanos(2_001_856_305));
        assert_eq!(slow.to_string(), "o cliente não responde há 2s");
        assert!(slow.can_be_told());
    }
}
