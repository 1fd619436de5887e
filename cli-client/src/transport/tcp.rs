//! Raw TCP, the report's protocol: text without framing.

use std::io;
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use vez_protocol::report::LEAVE;

use super::dial::dial;
use super::{Event, Failure, MAX_MESSAGE, Transport, text_of};

/// From this many bytes on, a reply may come in several pieces: the report's server reads, and so answers,
/// 1024 bytes at a time.
const LONG_REPLY: usize = 1024;

/// A long reply is whole when nothing more arrives for this long.
const QUIET: Duration = Duration::from_millis(50);

/// Room in bytes that a read is offered.
const READ_SIZE: usize = 16 * 1024;

/// Longest end of the connection's own politeness.
const CLOSE_TIME: Duration = Duration::from_secs(1);

/// A raw TCP connection.
pub(crate) struct TcpTransport {
    stream: TcpStream,
    /// What has arrived and was not shown yet; at most [`MAX_MESSAGE`] bytes and one read.
    arrived: BytesMut,
    /// How the server's side ended, once it has.
    ended: Option<io::Result<()>>,
    /// Whether the next text is the farewell.
    leaving: bool,
}

/// Whether what has arrived can be shown.
enum Arrived {
    /// More is needed.
    Part,
    /// More may belong to it.
    Perhaps,
    /// It can.
    Whole,
}

impl TcpTransport {
    /// Connects to `host`, by name or address.
    pub(crate) async fn connect(host: &str, port: u16) -> Result<Self, Failure> {
        let stream = dial(host, port).await?;
        Ok(Self { stream, arrived: BytesMut::new(), ended: None, leaving: false })
    }

    async fn read(&mut self) {
        self.arrived.reserve(READ_SIZE);
        let read = self.stream.read_buf(&mut self.arrived).await;
        self.note(read);
    }

    fn note(&mut self, read: io::Result<usize>) {
        match read {
            Ok(0) => self.ended = Some(Ok(())),
            Ok(_) => {}
            Err(error) => self.ended = Some(Err(error)),
        }
    }

    fn arrived(&self) -> Arrived {
        let len = self.arrived.len();
        if self.ended.is_some() || len >= MAX_MESSAGE {
            Arrived::Whole
        } else if len == 0 || ends_within_character(&self.arrived) {
            Arrived::Part
        } else if len >= LONG_REPLY {
            Arrived::Perhaps
        } else {
            Arrived::Whole
        }
    }

    fn take(&mut self) -> Result<Event, Failure> {
        if self.arrived.is_empty() {
            // An error is told once; after it the connection is only closed.
            self.ended.replace(Ok(())).unwrap_or(Ok(()))?;
            return Ok(Event::Closed(None));
        }
        let text = text_of(&self.arrived)?.to_owned();
        self.arrived.clear();
        Ok(if self.leaving { Event::Bye(text) } else { Event::Reply(text) })
    }
}

impl Transport for TcpTransport {
    fn shows_queue(&self) -> bool {
        false
    }

    /// Keeps reading while it writes: a server that answers a long message in pieces would otherwise wait for
    /// its reader while its reader waits for it.
    async fn send(&mut self, message: &str) -> Result<(), Failure> {
        let mut rest = message.as_bytes();
        while !rest.is_empty() {
            let may_read = self.ended.is_none() && self.arrived.len() < MAX_MESSAGE;
            self.arrived.reserve(READ_SIZE);
            let (mut reader, mut writer) = self.stream.split();
            tokio::select! {
                biased;
                written = writer.write(rest) => rest = &rest[written?..],
                read = reader.read_buf(&mut self.arrived), if may_read => self.note(Ok(read?)),
            }
        }
        Ok(())
    }

    async fn receive(&mut self) -> Result<Event, Failure> {
        loop {
            match self.arrived() {
                Arrived::Part => self.read().await,
                Arrived::Perhaps if timeout(QUIET, self.read()).await.is_ok() => {}
                Arrived::Perhaps | Arrived::Whole => return self.take(),
            }
        }
    }

    async fn say_leave(&mut self, word: &str) -> Result<(), Failure> {
        self.leaving = true;
        self.send(word).await
    }

    /// Without framing, a word that follows an unanswered message would become its end: the end of input
    /// says the same.
    async fn leave(&mut self, reply_due: bool) -> Result<(), Failure> {
        if reply_due { Ok(self.stream.shutdown().await?) } else { self.say_leave(LEAVE).await }
    }

    async fn close(&mut self) {
        // The conversation is over: whether the peer still hears it changes nothing.
        let _ = timeout(CLOSE_TIME, self.stream.shutdown()).await;
    }
}

/// Whether the last character lacks bytes that may still come.
fn ends_within_character(bytes: &[u8]) -> bool {
    let tail = &bytes[bytes.len().saturating_sub(3)..];
    let start = tail.iter().rposition(|byte| byte & 0b1100_0000 == 0b1100_0000);
    let last = start.and_then(|start| std::str::from_utf8(&tail[start..]).err());
    last.is_some_and(|error| error.error_len().is_none())
}

#[cfg(test)]
mod tests {
    use super::ends_within_character;

    #[test]
    fn only_a_character_that_can_still_be_finished_is_waited_for() {
        for character in ["á", "€", "🎉"] {
            for cut in 1..character.len() {
                assert!(ends_within_character(&character.as_bytes()[..cut]), "{character} {cut}");
            }
            assert!(!ends_within_character(character.as_bytes()), "{character}");
        }
        for bytes in [b"".as_slice(), b"abc", b"\xff", b"\xc3(", b"\x80\x80\x80", b"\xe2\x82("] {
            assert!(!ends_within_character(bytes), "{bytes:?}");
        }
    }
}
