//! A client that costs next to nothing, so that the server is what is measured.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::wire::{Transport, Wire};

/// Longer than any answer takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// One connection.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) stream: TcpStream,
    /// Room for a reply.
    reply: Vec<u8>,
    /// All clients' messages that the server answered.
    answered: Arc<AtomicU64>,
}

impl Client {
    /// Connects, shakes hands where that is due, and adds to `answered` what the server answers.
    ///
    /// # Errors
    /// When the server is not there or answers something else.
    pub(crate) fn connect(
        address: SocketAddr,
        transport: Transport,
        answered: &Arc<AtomicU64>,
    ) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let mut client = Self { stream, reply: Vec::new(), answered: Arc::clone(answered) };
        if transport != Transport::Tcp {
            client.shake_hands(address, transport)?;
        }
        Ok(client)
    }

    /// Says a message and awaits its reply.
    ///
    /// # Errors
    /// When another reply comes, or none.
    pub(crate) fn exchange(&mut self, wire: &Wire) -> Result<()> {
        self.say(wire)?;
        self.expect_reply(wire)
    }

    /// Says a message.
    ///
    /// # Errors
    /// When the connection is broken.
    pub(crate) fn say(&mut self, wire: &Wire) -> Result<()> {
        self.stream.write_all(&wire.request).context("the message was not taken")
    }

    /// Awaits the reply to a message.
    ///
    /// # Errors
    /// When another reply comes, or none.
    pub(crate) fn expect_reply(&mut self, wire: &Wire) -> Result<()> {
        self.reply.resize(wire.reply.len(), 0);
        self.stream.read_exact(&mut self.reply).context("no reply came")?;
        ensure!(self.reply == wire.reply, "another reply came: {:?}", String::from_utf8_lossy(&self.reply));
        self.count_answered(1);
        Ok(())
    }

    /// Counts replies that were read from the stream itself.
    pub(crate) fn count_answered(&self, replies: usize) {
        self.answered.fetch_add(replies as u64, Relaxed);
    }

    /// Says `sair`, which is a message that is answered too.
    ///
    /// # Errors
    /// When the connection is broken.
    pub(crate) fn say_goodbye(&mut self, wire: &Wire) -> Result<()> {
        self.stream.write_all(&wire.leave).context("the farewell was not taken")?;
        self.count_answered(1);
        Ok(())
    }

    /// Closes a WebSocket (RFC 6455 §5.5.1), and waits until the server has closed too.
    ///
    /// # Errors
    /// When it does not.
    pub(crate) fn close(mut self) -> Result<()> {
        self.stream.write_all(&[0x88, 0x80, 0, 0, 0, 0])?;
        self.read_to_end()
    }

    /// Reads on until the server closes.
    ///
    /// # Errors
    /// When it does not.
    pub(crate) fn read_to_end(mut self) -> Result<()> {
        let mut rest = [0; 1024];
        loop {
            match self.stream.read(&mut rest) {
                Ok(0) => return Ok(()),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return Ok(()),
                Err(error) => return Err(error).context("the connection was not closed"),
            }
        }
    }

    fn shake_hands(&mut self, address: SocketAddr, transport: Transport) -> Result<()> {
        let protocol = match transport {
            Transport::Events => format!("Sec-WebSocket-Protocol: {}\r\n", vez_protocol::SUBPROTOCOL),
            _ => String::new(),
        };
        let request = format!(
            "GET /ws HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n{protocol}\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        self.stream.write_all(request.as_bytes())?;
        let response = read_header(&mut self.stream)?;
        ensure!(
            response.starts_with(b"HTTP/1.1 101 "),
            "no handshake: {}",
            String::from_utf8_lossy(&response)
        );
        Ok(())
    }
}

/// How many wait, as the server says on `/healthz`.
///
/// # Errors
/// When it does not say.
pub(crate) fn waiting(http: SocketAddr) -> Result<u64> {
    let mut stream = TcpStream::connect(http)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(stream, "GET /healthz HTTP/1.1\r\nHost: {http}\r\nConnection: close\r\n\r\n")?;
    let mut response = String::new();
    stream.read_to_string(&mut response)?;
    let (_, body) = response.split_once("\r\n\r\n").context("/healthz answers without a body")?;
    let health: serde_json::Value = serde_json::from_str(body)?;
    health["waiting"].as_u64().context("/healthz does not say how many wait")
}

/// Reads an HTTP header and not a byte more: what follows it is the conversation's.
fn read_header(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut header = Vec::with_capacity(256);
    let mut peeked = [0; 1024];
    while !header.ends_with(b"\r\n\r\n") {
        let len = stream.peek(&mut peeked)?;
        if len == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let end = peeked[..len].windows(4).position(|bytes| bytes == b"\r\n\r\n").map_or(len, |at| at + 4);
        stream.read_exact(&mut peeked[..end])?;
        header.extend_from_slice(&peeked[..end]);
    }
    Ok(header)
}
