//! Where the server is, and by which transport it is reached.

use std::fmt;
use std::str::FromStr;

use tokio_tungstenite::tungstenite::http::Uri;

/// A server's address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// Raw TCP.
    Tcp {
        /// A name or an IP address, IPv6 without its brackets.
        host: String,
        /// The TCP port.
        port: u16,
    },
    /// A WebSocket, by its `ws://` or `wss://` URL.
    WebSocket(Uri),
}

/// Why a text is no [`Address`].
#[derive(Debug, thiserror::Error)]
pub enum ParseAddressError {
    /// Neither a URL nor a host with a port.
    #[error("falta a porta; escreva HOST:PORTA, como {}", vez_protocol::DEFAULT_TCP)]
    NoPort,
    /// Nothing stands before the port.
    #[error("falta o host; escreva HOST:PORTA, como {}", vez_protocol::DEFAULT_TCP)]
    NoHost,
    /// What stands after the last colon is no port.
    #[error("'{0}' não é uma porta de 1 a 65535")]
    Port(String),
    /// An IPv6 address whose colons cannot be told from the port's.
    #[error("um endereço IPv6 fica entre colchetes, como [::1]:65432")]
    BareIpv6,
    /// A URL of another kind.
    #[error("só ws:// e wss:// são URLs de um WebSocket")]
    Scheme,
    /// No URL at all.
    #[error("a URL não é válida: {0}")]
    Url(#[from] tokio_tungstenite::tungstenite::http::uri::InvalidUri),
}

impl FromStr for Address {
    type Err = ParseAddressError;

    fn from_str(text: &str) -> Result<Self, ParseAddressError> {
        if text.contains("://") { parse_url(text) } else { parse_host_and_port(text) }
    }
}

fn parse_url(text: &str) -> Result<Address, ParseAddressError> {
    let url: Uri = text.parse()?;
    match url.scheme_str() {
        Some("ws" | "wss") if url.host().is_some_and(|host| !host.is_empty()) => Ok(Address::WebSocket(url)),
        Some("ws" | "wss") => Err(ParseAddressError::NoHost),
        _ => Err(ParseAddressError::Scheme),
    }
}

fn parse_host_and_port(text: &str) -> Result<Address, ParseAddressError> {
    let (host, port) = text.rsplit_once(':').ok_or(ParseAddressError::NoPort)?;
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let host = match bare {
        Some(bare) => bare,
        None if host.contains(':') => return Err(ParseAddressError::BareIpv6),
        None => host,
    };
    if host.is_empty() {
        return Err(ParseAddressError::NoHost);
    }
    match port.parse() {
        Ok(0) | Err(_) => Err(ParseAddressError::Port(port.to_owned())),
        Ok(port) => Ok(Address::Tcp { host: host.to_owned(), port }),
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host, port } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Tcp { host, port } => write!(f, "{host}:{port}"),
            Self::WebSocket(url) => url.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Address;

    #[test]
    fn every_form_is_read_and_shown_alike() {
        for text in ["127.0.0.1:65432", "localhost:1", "[::1]:65432", "ws://h:8080/ws", "wss://[::1]/a?b=c"] {
            assert_eq!(text.parse::<Address>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "",
            "localhost",
            ":65432",
            "[]:1",
            "::1:65432",
            "h:0",
            "h:65536",
            "h:x",
            "http://h/",
            "ws://",
            "ws:///x",
        ] {
            assert!(text.parse::<Address>().is_err(), "{text}");
        }
    }
}
