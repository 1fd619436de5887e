//! Why a connection cannot go on, in the words that people see.

use std::fmt;
use std::io;
use std::path::PathBuf;

use tokio_tungstenite::tungstenite;
use tokio_tungstenite::tungstenite::http::StatusCode;
use vez_protocol::{CloseCode, NotUtf8};

/// An error of a transport.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The operating system's, or TLS's.
    #[error("{}", AsPython(.0))]
    Io(#[from] io::Error),
    /// The server's bytes are no text.
    #[error(transparent)]
    NotUtf8(#[from] NotUtf8),
    /// A frame of the `vez.v1` subprotocol that is no event.
    #[error("o servidor enviou um evento inválido: {0}")]
    NotAnEvent(#[from] serde_json::Error),
    /// The server asks who the user is, or does not believe it.
    #[error("o servidor pergunta quem você é: diga --user NOME, e a senha certa")]
    Unknown,
    /// The server answered the handshake with another HTTP status.
    #[error("o servidor recusou o WebSocket: HTTP {0}")]
    Refused(StatusCode),
    /// The WebSocket protocol was broken.
    #[error("{0}")]
    WebSocket(Box<tungstenite::Error>),
    /// The server did not answer the handshake.
    #[error("o servidor não respondeu a tempo")]
    TimedOut,
    /// The server gave no sign of life, although it was asked for one.
    #[error("o servidor não dá sinal de vida")]
    Silent,
    /// A server name that no certificate can carry.
    #[error("{0}")]
    ServerName(#[from] rustls::pki_types::InvalidDnsNameError),
    /// The root certificates cannot be used.
    #[error("certificados de {}: {reason}", path.display())]
    Certificates {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

impl Failure {
    /// Whether it is the operating system's error of this kind.
    pub(crate) fn is(&self, kind: io::ErrorKind) -> bool {
        matches!(self, Self::Io(error) if error.kind() == kind)
    }

    /// The code that tells the server of it (RFC 6455 §7.4.1).
    pub(crate) fn close_code(&self) -> CloseCode {
        match self {
            Self::NotUtf8(_) | Self::NotAnEvent(_) => CloseCode::InvalidData,
            Self::WebSocket(error) => match **error {
                tungstenite::Error::Utf8(_) => CloseCode::InvalidData,
                tungstenite::Error::Capacity(_) => CloseCode::TooBig,
                tungstenite::Error::Protocol(_) => CloseCode::Protocol,
                _ => CloseCode::Normal,
            },
            _ => CloseCode::Normal,
        }
    }
}

impl From<tungstenite::Error> for Failure {
    fn from(error: tungstenite::Error) -> Self {
        match error {
            tungstenite::Error::Io(error) => Self::Io(error),
            tungstenite::Error::Http(response) if response.status() == StatusCode::UNAUTHORIZED => {
                Self::Unknown
            }
            tungstenite::Error::Http(response) => Self::Refused(response.status()),
            error => Self::WebSocket(Box::new(error)),
        }
    }
}

/// An error as Python's `OSError` prints it: `[Errno 104] Connection reset by peer`.
struct AsPython<'a>(&'a io::Error);

impl fmt::Display for AsPython<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.to_string();
        let Some(code) = self.0.raw_os_error() else { return f.write_str(&text) };
        let kind = if cfg!(windows) { "WinError" } else { "Errno" };
        let text = text.strip_suffix(&format!(" (os error {code})")).unwrap_or(&text);
        write!(f, "[{kind} {code}] {text}")
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::Failure;

    #[test]
    fn system_errors_read_as_in_python() {
        let failure = Failure::from(std::io::Error::from_raw_os_error(104));
        assert_eq!(failure.to_string(), "[Errno 104] Connection reset by peer");
    }
}
