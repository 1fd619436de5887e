//! A polite client's conversation over either transport.

use std::io;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::tcp::TcpTalk;
use super::websocket::WebSocketTalk;
use crate::responder::FAREWELL;
use crate::trouble::Trouble;

/// How many bytes at the most come one at a time, and how long there is between them.
const DRIPS: usize = 60;
const BETWEEN_DRIPS: Duration = Duration::from_millis(1);

/// A conversation.
#[derive(Debug)]
pub(crate) enum Talk {
    Tcp(TcpTalk),
    WebSocket(Box<WebSocketTalk>),
}

impl Talk {
    /// Says `text`, followed by `newline` over TCP; it is sent with the next [`flush`](Self::flush).
    pub(super) async fn say(&mut self, text: &str, newline: &str) -> Result<(), Trouble> {
        match self {
            Self::Tcp(tcp) => tcp.say(text, newline),
            Self::WebSocket(websocket) => websocket.say(text).await?,
        }
        Ok(())
    }

    /// Sends what was said.
    pub(super) async fn flush(&mut self) -> Result<(), Trouble> {
        match self {
            Self::Tcp(tcp) => tcp.flush().await,
            Self::WebSocket(websocket) => websocket.flush().await,
        }
    }

    /// Waits to be told of the turn, where the transport has words for that.
    pub(super) async fn await_turn(&mut self) -> Result<(), Trouble> {
        match self {
            Self::Tcp(_) => Ok(()),
            Self::WebSocket(websocket) => websocket.await_turn().await,
        }
    }

    /// Expects exactly this answer next.
    pub(super) async fn expect(&mut self, answer: &str, newline: &str) -> Result<(), Trouble> {
        match self {
            Self::Tcp(tcp) => tcp.expect(&format!("{answer}{newline}")).await,
            Self::WebSocket(websocket) => websocket.expect(answer).await,
        }
    }

    /// Expects the last words.
    pub(super) async fn expect_farewell(&mut self, newline: &str) -> Result<(), Trouble> {
        match self {
            Self::Tcp(tcp) => tcp.expect(&format!("{FAREWELL}{newline}")).await,
            Self::WebSocket(websocket) => websocket.expect_farewell().await,
        }
    }

    /// Expects the server to end the connection, and to say no more.
    pub(super) async fn expect_end(&mut self) -> Result<(), Trouble> {
        match self {
            Self::Tcp(tcp) => tcp.expect_end().await,
            Self::WebSocket(websocket) => websocket.expect_end().await,
        }
    }

    /// Leaves from this side, in the transport's own way.
    pub(super) async fn close(&mut self) -> Result<(), Trouble> {
        match self {
            Self::Tcp(_) => Ok(()),
            Self::WebSocket(websocket) => websocket.close().await,
        }
    }

    /// Asks to leave, where the transport has words for that.
    pub(super) async fn leave(&mut self) -> Result<(), Trouble> {
        match self {
            Self::Tcp(_) => Ok(()),
            Self::WebSocket(websocket) => websocket.leave().await,
        }
    }

    /// Closes the sending side.
    pub(super) async fn half_close(&mut self) -> io::Result<()> {
        match self {
            Self::Tcp(tcp) => tcp.stream().shutdown().await,
            Self::WebSocket(websocket) => websocket.mute(),
        }
    }

    /// The bytes that say `text`.
    pub(super) fn encode(&mut self, text: &str, newline: &str) -> Vec<u8> {
        match self {
            Self::Tcp(_) => format!("{text}{newline}").into_bytes(),
            Self::WebSocket(websocket) => websocket.encode(text),
        }
    }

    /// Sends the first of `bytes` one at a time.
    pub(super) async fn drip(&mut self, bytes: &[u8]) -> io::Result<()> {
        drip(self.stream(), bytes).await
    }

    /// The connection, to write to it past the conversation.
    pub(super) fn stream(&mut self) -> &mut TcpStream {
        match self {
            Self::Tcp(tcp) => tcp.stream(),
            Self::WebSocket(websocket) => websocket.stream(),
        }
    }

    /// The connection, when the conversation is over.
    pub(super) fn into_stream(self) -> TcpStream {
        match self {
            Self::Tcp(tcp) => tcp.into_stream(),
            Self::WebSocket(websocket) => websocket.into_stream(),
        }
    }
}

/// Sends the first of `bytes` one at a time, and then the rest.
pub(super) async fn drip(stream: &mut TcpStream, bytes: &[u8]) -> io::Result<()> {
    let (drops, rest) = bytes.split_at(bytes.len().min(DRIPS));
    for drop in drops {
        stream.write_all(&[*drop]).await?;
        tokio::time::sleep(BETWEEN_DRIPS).await;
    }
    stream.write_all(rest).await
}
