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
use crate::utf8;

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

    /// Takes what is there already, without waiting for more.
    fn drain(&mut self) {
        while self.wants_more() {
            self.arrived.reserve(READ_SIZE);
            match self.stream.try_read_buf(&mut self.arrived) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                read => self.note(read),
            }
        }
    }

    fn wants_more(&self) -> bool {
        self.ended.is_none() && self.arrived.len() < MAX_MESSAGE
    }

    fn take(&mut self) -> Result<Event, Failure> {
        if self.arrived.is_empty() {
            // An error is told once; after it the connection is only closed.
            self.ended.replace(Ok(())).unwrap_or(Ok(()))?;
            return Ok(Event::Closed(None));
        }
        let text = text_of(&self.arrived)?.to_owned();
        self.arrived.clear();
        Ok(if self.leaving { Event::farewell(text) } else { Event::Reply(text) })
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
            let may_read = self.wants_more();
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

    /// Without framing, a reply is what is there when it is looked for, as in the report; what comes later is
    /// shown when it comes. Only a character that lacks bytes is waited for.
    async fn receive(&mut self) -> Result<Event, Failure> {
        self.drain();
        while self.wants_more() && (self.arrived.is_empty() || utf8::unfinished(&self.arrived) > 0) {
            self.read().await;
            self.drain();
        }
        self.take()
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

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;
    use tokio::net::TcpListener;

    use super::{Event, READ_SIZE, TcpTransport, Transport};

    #[tokio::test]
    async fn a_long_reply_that_is_there_is_one_reply() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut client =
            TcpTransport::connect("127.0.0.1", listener.local_addr().unwrap().port()).await.unwrap();
        let (mut server, _) = listener.accept().await.unwrap();
        let reply = "x".repeat(3 * READ_SIZE);
        server.write_all(reply.as_bytes()).await.unwrap();
        assert_eq!(client.receive().await.unwrap(), Event::Reply(reply));
    }
}
