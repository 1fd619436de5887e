//! Bytes both ways with something outside, and how they are messages.

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use bytestring::ByteString;
use memchr::memchr;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::net::TcpStream;
use vez_protocol::Message;

use super::answer::Said;
use super::settings::Framing;
use crate::queue::Validity;

/// Most bytes that one read asks for.
const CHUNK: usize = 128 * 1024;

/// Bytes that may wait to be taken before the peer is held back.
const GATHER: usize = 128 * 1024;

/// The bytes of a length.
const LENGTH: usize = 4;

/// What it says, as bytes.
pub(super) type Reader = Box<dyn Source>;

/// Where bytes come from.
pub(super) trait Source: AsyncRead + Send + Unpin {
    /// The socket whose bytes these are, and to which it is written.
    fn socket(&self) -> Option<&TcpStream> {
        None
    }
}

/// What it is told, as bytes.
pub(super) type Writer = Box<dyn Sink>;

/// Where bytes go.
pub(super) trait Sink: AsyncWrite + Send + Unpin {
    /// Tells a terminal the size of the window in which it is shown.
    fn resize(&self, _cols: u16, _rows: u16) {}
}

/// Bytes both ways.
pub(crate) struct Pipe {
    reader: Reader,
    /// `None` when it takes no more, or has been told all.
    writer: Option<Writer>,
    framing: Framing,
    /// What ends a line that is said to it.
    newline: &'static str,
    /// Longest message in bytes; what is longer comes in pieces.
    max_message: usize,
    /// What is still to be taken.
    outgoing: BytesMut,
    /// What was read and is no message yet.
    incoming: BytesMut,
    /// How much is still to come of a message whose length was read.
    rest: usize,
    /// Whether nothing more will be said to it.
    told_all: bool,
    /// Whether it says nothing more.
    said_all: bool,
    /// Until when it may be written to.
    validity: Validity,
}

impl fmt::Debug for Pipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipe").field("framing", &self.framing).finish_non_exhaustive()
    }
}

impl Pipe {
    pub(super) fn new(
        reader: Reader,
        writer: Writer,
        framing: Framing,
        newline: &'static str,
        max_message: usize,
        validity: Validity,
    ) -> Self {
        Self {
            reader,
            writer: Some(writer),
            framing,
            newline,
            max_message,
            outgoing: BytesMut::new(),
            incoming: BytesMut::new(),
            rest: 0,
            told_all: false,
            said_all: false,
            validity,
        }
    }

    pub(super) fn is_raw(&self) -> bool {
        self.framing == Framing::Raw
    }

    /// Ready when more may be pushed; never, when it takes no more.
    pub(super) fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.poll_write(cx);
        if self.writer.is_some() && self.outgoing.len() < GATHER { Poll::Ready(()) } else { Poll::Pending }
    }

    /// Whether it takes no more, whatever it may still say.
    pub(super) fn is_deaf(&self) -> bool {
        self.writer.is_none() && !self.told_all
    }

    /// Whether it may still be written to.
    pub(super) fn is_valid(&self) -> bool {
        self.validity.holds()
    }

    /// Closes it, with what the system has not sent yet.
    pub(super) fn reset(self) {
        if let Some(socket) = self.reader.socket() {
            // One that cannot be told so is broken already.
            let _ = socket.set_zero_linger();
        }
    }

    /// The socket behind, once no byte waits here.
    pub(super) fn socket(&self) -> Option<&TcpStream> {
        let empty = self.incoming.is_empty() && self.outgoing.is_empty();
        if self.is_raw() && empty { self.reader.socket() } else { None }
    }

    pub(super) fn push(&mut self, message: &Message) {
        let bytes = message.as_bytes();
        match self.framing {
            Framing::Raw => self.outgoing.extend_from_slice(bytes),
            Framing::Line => {
                self.outgoing.extend_from_slice(bytes);
                self.outgoing.put_slice(self.newline.as_bytes());
            }
            Framing::Length => {
                // A message has at most 64 MiB.
                self.outgoing.put_u32(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
                self.outgoing.extend_from_slice(bytes);
            }
        }
    }

    /// Tells a terminal the size of the window in which it is shown.
    pub(super) fn resize(&self, cols: u16, rows: u16) {
        if let Some(writer) = &self.writer {
            writer.resize(cols, rows);
        }
    }

    /// How many bytes are still to be taken.
    pub(super) fn unwritten(&self) -> usize {
        self.outgoing.len()
    }

    /// Ready when all that was pushed is taken, or nothing more will be.
    pub(super) fn poll_written(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.poll_write(cx);
        if self.writer.is_none() || self.outgoing.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    }

    /// Nothing more will be pushed: its input ends when all is taken.
    pub(super) fn end_input(&mut self) {
        self.told_all = true;
    }

    /// What it says; `None` when it has said all.
    pub(super) fn poll_said(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<Said>>> {
        self.poll_write(cx);
        loop {
            if let Some(said) = self.take() {
                return Poll::Ready(Ok(Some(said)));
            }
            if self.said_all {
                return Poll::Ready(Ok(None));
            }
            self.incoming.reserve(CHUNK);
            let read = std::pin::pin!(self.reader.read_buf(&mut self.incoming));
            self.said_all = ready!(read.poll(cx))? == 0;
        }
    }

    /// Ends its input when it has taken all that was pushed, and reads and drops what it still says; never ready.
    pub(super) async fn discard(mut self) {
        self.end_input();
        while let Ok(Some(_)) = poll_fn(|cx| self.poll_said(cx)).await {}
        self.written().await;
        std::future::pending().await
    }

    /// Waits until all that was pushed is taken, or nothing more will be.
    pub(super) async fn written(&mut self) {
        poll_fn(|cx| self.poll_written(cx)).await;
    }

    /// Takes a message off what was read.
    fn take(&mut self) -> Option<Said> {
        let most = self.max_message;
        match self.framing {
            _ if self.incoming.is_empty() => None,
            Framing::Raw => Some(Said::Bytes(self.incoming.split().freeze())),
            Framing::Line => match memchr(b'\n', &self.incoming) {
                Some(newline) if newline <= most => {
                    let line = self.incoming.split_to(newline).freeze();
                    self.incoming.advance(1);
                    Some(Said::Text(text(
                        line.strip_suffix(b"\r").map_or(line.clone(), |l| line.slice_ref(l)),
                    )))
                }
                _ if self.incoming.len() > most => Some(Said::Text(text(self.split_text(most)))),
                _ if self.said_all => Some(Said::Text(text(self.incoming.split().freeze()))),
                _ => None,
            },
            Framing::Length => {
                if self.rest == 0 {
                    self.rest = u32::from_be_bytes(*self.incoming.first_chunk::<LENGTH>()?) as usize;
                    self.incoming.advance(LENGTH);
                }
                let piece = if self.rest > most && self.incoming.len() > most {
                    self.split_text(most)
                } else if self.incoming.len() >= self.rest || self.said_all {
                    // What is cut off comes as far as it goes.
                    self.incoming.split_to(self.rest.min(self.incoming.len())).freeze()
                } else {
                    return None;
                };
                self.rest -= piece.len();
                Some(Said::Text(text(piece)))
            }
        }
    }

    /// At most `most` bytes that end with a character.
    fn split_text(&mut self, most: usize) -> Bytes {
        let cut =
            (0..4).map(|back| most - back).find(|at| (self.incoming[*at] as i8) >= -0x40).unwrap_or(most);
        self.incoming.split_to(cut).freeze()
    }

    /// Writes what it takes. One that takes nothing more may still have something to say.
    fn poll_write(&mut self, cx: &mut Context<'_>) {
        let Some(writer) = &mut self.writer else { return };
        while !self.outgoing.is_empty() {
            // Looked at before each write: the process may have been stopped since the last.
            if !self.validity.holds() {
                return self.writer = None;
            }
            match Pin::new(&mut *writer).poll_write(cx, &self.outgoing) {
                Poll::Ready(Ok(written)) if written > 0 => self.outgoing.advance(written),
                Poll::Ready(_) => return self.writer = None,
                Poll::Pending => return,
            }
        }
        if self.told_all && Pin::new(&mut *writer).poll_shutdown(cx).is_ready() {
            self.writer = None;
        }
    }
}

/// Text, whose bytes that spell none are replaced.
fn text(bytes: Bytes) -> ByteString {
    match ByteString::try_from(bytes.clone()) {
        Ok(text) => text,
        Err(_) => String::from_utf8_lossy(&bytes).into_owned().into(),
    }
}
