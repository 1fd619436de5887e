//! The two halves of a TCP connection in conversation.

use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::{Interval, interval};
use vez_protocol::{Decoder, LineEnding, Message, ServerEvent};

use super::first_line::{FirstLine, judge};
use super::port::Port;
use crate::ending::Ending;
use crate::session::{Incoming, Input, Output, To};
use crate::transport::outbox::Outbox;
use crate::transport::{Chunk, GATHER, poll_discard, poll_read};

/// Bytes of a first line that are read before it is judged, however short messages are.
const FIRST_LINE: usize = 16 * 1024;

/// How often a peer that is not read is looked at: whether it is still there.
const LOOK: Duration = Duration::from_secs(1);

/// What comes in over raw TCP.
#[derive(Debug)]
pub(crate) struct TcpInput {
    stream: OwnedReadHalf,
    decoder: Decoder,
    /// Bytes that are no message yet.
    bytes: BytesMut,
    /// How much a read asks for.
    chunk: Chunk,
    /// Whether the peer has closed its sending side.
    ended: bool,
    /// Whether the first line is still to be judged.
    unjudged: bool,
    /// Whether what comes are bytes, and no messages.
    raw: bool,
    /// Runs while the peer is not read.
    looks: Option<Interval>,
}

/// What goes out over raw TCP.
#[derive(Debug)]
pub(crate) struct TcpOutput {
    outbox: Outbox<OwnedWriteHalf>,
    port: Arc<Port>,
    /// Whether what goes out are bytes, and no messages.
    raw: bool,
    /// Whether any byte of a stream went out: then words would be taken for a part of it.
    streamed: bool,
}

/// The halves of a connection.
pub(super) fn halves(stream: TcpStream, port: Arc<Port>) -> (TcpInput, TcpOutput) {
    let (read, write) = stream.into_split();
    let input = TcpInput {
        stream: read,
        decoder: Decoder::new(port.settings.max_message),
        bytes: BytesMut::new(),
        chunk: Chunk::FIRST,
        ended: false,
        unjudged: port.refusal.is_some(),
        raw: false,
        looks: None,
    };
    (
        input,
        TcpOutput {
            outbox: Outbox::new(write, port.settings.write_limit),
            port,
            raw: false,
            streamed: false,
        },
    )
}

impl TcpInput {
    /// Reads once what has arrived; ready with true when more may have arrived than was asked for.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        let room = self.capacity().saturating_sub(self.bytes.len());
        self.bytes.reserve(room.clamp(1, self.chunk.0));
        let read = std::task::ready!(poll_read(&mut self.stream, cx, &mut self.bytes))?;
        self.chunk.read(read);
        self.ended = read == 0;
        let full = self.bytes.len() == self.bytes.capacity();
        Poll::Ready(Ok(full && !self.ended && self.bytes.len() < self.capacity()))
    }

    /// How far the buffer may fill.
    fn capacity(&self) -> usize {
        let capacity = if self.raw { GATHER } else { self.decoder.capacity() };
        if self.unjudged { capacity.max(FIRST_LINE) } else { capacity }
    }

    /// Whether the first line was judged, so that what came may be looked at.
    fn is_judged(&mut self) -> Result<bool, Ending> {
        if self.unjudged && !self.bytes.is_empty() {
            match judge(&self.bytes) {
                FirstLine::Http => return Err(Ending::Http),
                FirstLine::Unfinished if self.bytes.len() >= self.capacity() => return Err(Ending::Http),
                FirstLine::Unfinished if !self.ended => return Ok(false),
                FirstLine::Unfinished | FirstLine::Other => self.unjudged = false,
            }
        }
        Ok(true)
    }
}

impl Input for TcpInput {
    fn decode(&mut self) -> Result<Option<Incoming>, Ending> {
        if self.unjudged && !self.is_judged()? {
            return Ok(None);
        }
        if self.raw && !self.bytes.is_empty() {
            return Ok(Some(Incoming::Message(Message::binary(self.bytes.split()))));
        }
        if !self.ended {
            return Ok(self.decoder.decode(&mut self.bytes)?.map(Incoming::Message));
        }
        let message = self.decoder.decode_eof(&mut self.bytes)?;
        Ok(Some(message.map_or(Incoming::End, Incoming::Message)))
    }

    /// What arrives together is a message, so that all of it is read, up to the longest.
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Ending>> {
        let mut more = std::task::ready!(self.poll_read(cx))?;
        while more && let Poll::Ready(read) = self.poll_read(cx) {
            more = read?;
        }
        Poll::Ready(Ok(()))
    }

    fn become_raw(&mut self) {
        self.raw = true;
    }

    fn socket(&self) -> Option<&TcpStream> {
        (self.raw && !self.unjudged && self.bytes.is_empty()).then(|| self.stream.as_ref())
    }

    /// The kernel watches over the peer (keepalive); what it found is looked for where no read would tell.
    fn poll_silence(&mut self, cx: &mut Context<'_>, listened: bool) -> Poll<Result<(), Ending>> {
        if listened {
            return Poll::Pending;
        }
        let looks = self.looks.get_or_insert_with(|| interval(LOOK));
        while looks.poll_tick(cx).is_ready() {
            if let Some(error) = self.stream.as_ref().take_error()? {
                return Poll::Ready(Err(error.into()));
            }
        }
        Poll::Pending
    }

    fn poll_discard(&mut self, cx: &mut Context<'_>) -> Poll<usize> {
        poll_discard(&mut self.stream, cx)
    }
}

impl TcpOutput {
    fn push_text(&mut self, parts: &[&str], ending: LineEnding) {
        parts.iter().for_each(|part| self.outbox.push(part.as_bytes()));
        self.outbox.push(ending.as_str().as_bytes());
    }
}

impl Output for TcpOutput {
    fn has_room(&self) -> bool {
        self.outbox.bytes.len() < GATHER
    }

    fn reply(&mut self, to: To, parts: &[&str]) {
        self.push_text(parts, to.ending);
    }

    fn echo(&mut self, message: &Message) {
        self.outbox.push(message.as_bytes());
        self.outbox.push(message.ending.as_str().as_bytes());
    }

    /// Raw TCP has words for nothing but what the responder says.
    fn event(&mut self, event: &ServerEvent<'_>) {
        if let ServerEvent::Output { text } = event {
            self.push_text(&[text], LineEnding::Lf);
        }
    }

    fn become_raw(&mut self) {
        self.raw = true;
    }

    fn bytes(&mut self, bytes: &[u8]) {
        // Even where they went another way, words after them would be taken for a part of the stream.
        self.streamed = true;
        self.outbox.push(bytes);
    }

    fn end(&mut self) -> bool {
        self.outbox.end();
        true
    }

    fn ask(&mut self) {}

    fn protocol(&mut self, bytes: &Bytes, _last: bool) {
        self.outbox.push(bytes);
    }

    fn discard(&mut self) -> bool {
        self.outbox.discard()
    }

    fn last_words(&mut self, ending: &Ending) {
        match ending {
            Ending::Left | Ending::Unresponsive(_) => {}
            _ if self.streamed => {}
            Ending::Ended(_) | Ending::Farewell(_) if self.raw => {}
            Ending::Farewell(line_ending) => self.push_text(&[&ending.text()], *line_ending),
            Ending::Http => self.outbox.push(self.port.refusal.as_deref().unwrap_or_default().as_bytes()),
            ending => self.push_text(&[&ending.text()], LineEnding::Lf),
        }
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Ending>> {
        self.outbox.poll_flush(cx)
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.outbox.poll_shutdown(cx)
    }
}
