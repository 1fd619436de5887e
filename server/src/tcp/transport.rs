//! A TCP connection in conversation.

use std::io;
use std::time::Duration;

use bytes::{Buf, BytesMut};
use bytestring::ByteString;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use vez_protocol::{Body, Decoder, LineEnding, Message};

use crate::config::Config;
use crate::session::{Ending, Failure, Notice, Transport};

/// Most bytes that one read asks for, and that gather before replies are written.
const CHUNK: usize = 64 * 1024;

/// A TCP connection that has the turn.
pub(super) struct TcpTransport {
    stream: TcpStream,
    decoder: Decoder,
    /// Bytes that are no message yet.
    input: BytesMut,
    /// Replies that are not written yet.
    output: BytesMut,
    /// Whether the peer has closed its sending side.
    ended: bool,
    write_limit: Duration,
    linger: Duration,
}

impl TcpTransport {
    pub(super) fn new(stream: TcpStream, config: &Config) -> Self {
        Self {
            stream,
            decoder: Decoder::new(config.limits.max_message),
            input: BytesMut::new(),
            output: BytesMut::new(),
            ended: false,
            write_limit: config.times.write_limit,
            linger: config.times.linger,
        }
    }

    /// Reads what has arrived, up to the longest message.
    async fn read(&mut self) -> io::Result<()> {
        self.make_room();
        self.ended = self.stream.read_buf(&mut self.input).await? == 0;
        while self.input.len() == self.input.capacity() && self.input.len() < self.decoder.capacity() {
            self.make_room();
            match self.stream.try_read_buf(&mut self.input) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                read => self.ended = read? == 0,
            }
            if self.ended {
                break;
            }
        }
        Ok(())
    }

    fn make_room(&mut self) {
        let room = self.decoder.capacity().saturating_sub(self.input.len());
        self.input.reserve(room.clamp(1, CHUNK + "\r\n".len()));
    }

    /// Writes what has gathered; cancel safe.
    async fn flush(&mut self) -> Result<(), Failure> {
        while !self.output.is_empty() {
            match self.stream.try_write(&self.output) {
                Ok(written) if written == self.output.len() => self.output.clear(),
                Ok(written) => self.output.advance(written),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    let writable = timeout(self.write_limit, self.stream.writable()).await;
                    writable.map_err(|_| Failure::Unresponsive(self.write_limit))??;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    async fn flush_if_much(&mut self) -> Result<(), Failure> {
        if self.output.len() < CHUNK { Ok(()) } else { self.flush().await }
    }

    fn push(&mut self, parts: &[&str], ending: LineEnding) {
        parts.iter().for_each(|part| self.output.extend_from_slice(part.as_bytes()));
        self.output.extend_from_slice(ending.as_str().as_bytes());
    }
}

impl Transport for TcpTransport {
    type Text = ByteString;

    async fn receive(&mut self) -> Result<Option<Message>, Failure> {
        loop {
            let message = match self.ended {
                false => self.decoder.decode(&mut self.input)?,
                true => self.decoder.decode_eof(&mut self.input)?,
            };
            if message.is_some() {
                return Ok(message);
            }
            self.flush().await?;
            if self.ended {
                return Ok(None);
            }
            self.read().await?;
        }
    }

    async fn reply(&mut self, to: &Message, parts: &[&str]) -> Result<(), Failure> {
        self.push(parts, to.ending);
        self.flush_if_much().await
    }

    async fn echo(&mut self, message: Message) -> Result<(), Failure> {
        match &message.body {
            Body::Text(text) => self.output.extend_from_slice(text.as_bytes()),
            Body::Binary(bytes) => self.output.extend_from_slice(bytes),
        }
        self.output.extend_from_slice(message.ending.as_str().as_bytes());
        self.flush_if_much().await
    }

    async fn notify(&mut self, _notice: Notice) -> Result<(), Failure> {
        Ok(())
    }

    async fn say_goodbye(&mut self, ending: &Ending) -> Result<(), Failure> {
        match ending {
            Ending::Left => {}
            Ending::Farewell(line_ending) => self.push(&[&ending.text()], *line_ending),
            Ending::Failure(Failure::Reset | Failure::Io(_) | Failure::Unresponsive(_)) => return Ok(()),
            _ => self.push(&[&ending.text()], LineEnding::Lf),
        }
        self.flush().await
    }

    async fn linger(self) {
        linger(self.stream, self.linger).await;
    }
}

/// Closes the sending side and waits for the peer to close its own, at most for `limit`.
///
/// What still arrives is read and dropped: closing on unread bytes would reset the connection, and with it the
/// last words on their way.
pub(crate) async fn linger(mut stream: impl AsyncRead + AsyncWrite + Unpin, limit: Duration) {
    let drain = async {
        stream.shutdown().await?;
        let mut dropped = [0; 1024];
        while stream.read(&mut dropped).await? > 0 {}
        io::Result::Ok(())
    };
    // The conversation is over; whatever fails now concerns nobody.
    let _ = timeout(limit, drain).await;
}
