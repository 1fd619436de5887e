//! The byte stream under a WebSocket.

use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use crate::http::Stream;

/// Bytes that one read of the kernel asks for once much is expected.
const CHUNK: usize = 64 * 1024;

/// A stream that reads in large chunks only when told so, keeps the end of input to itself, and fails when
/// the peer takes nothing for too long.
///
/// The WebSocket's own read buffer can stay small in this way, whoever waits and whatever comes later. It must
/// not see the end of input, as it would refuse to answer what came before.
#[derive(Debug)]
pub(crate) struct Socket {
    stream: Stream,
    /// What was read and not yet handed on.
    input: BytesMut,
    /// How many bytes to ask the kernel for; 0 reads straight into the caller's buffer.
    chunk: usize,
    /// Whether the peer has closed its sending side.
    ended: bool,
    write_limit: Duration,
    /// Runs while a write is blocked.
    blocked: Option<Pin<Box<Sleep>>>,
}

impl Socket {
    /// A socket whose peer has already sent `early`.
    pub(crate) fn new(stream: Stream, early: &[u8], write_limit: Duration) -> Self {
        Self { stream, input: early.into(), chunk: 0, ended: false, write_limit, blocked: None }
    }

    /// Makes room for a conversation.
    pub(super) fn expect_much(&mut self) {
        self.chunk = CHUNK;
    }

    /// Whether the peer has closed its sending side and all that it sent was handed on.
    pub(super) fn has_ended(&self) -> bool {
        self.ended && self.input.is_empty()
    }

    /// The stream itself, when the WebSocket is over.
    pub(super) fn into_stream(self) -> Stream {
        self.stream
    }

    fn hand_on(&mut self, buf: &mut ReadBuf<'_>) {
        let len = self.input.len().min(buf.remaining());
        buf.put_slice(&self.input[..len]);
        self.input.advance(len);
    }

    /// Reads a chunk into `input`; ready without bytes at the end of input.
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.input.clear();
        self.input.reserve(self.chunk);
        let read = pin!(tokio::io::AsyncReadExt::read_buf(&mut self.stream, &mut self.input));
        read.poll(cx).map_ok(|_| ())
    }

    /// Fails a write that has been blocked for too long.
    fn poll_blocked(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        let limit = self.write_limit;
        let blocked = self.blocked.get_or_insert_with(|| Box::pin(sleep(limit)));
        blocked.as_mut().poll(cx).map(|()| io::ErrorKind::TimedOut.into())
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.input.is_empty() && !self.ended {
            let before = buf.filled().len();
            std::task::ready!(match self.chunk {
                0 => Pin::new(&mut self.stream).poll_read(cx, buf),
                _ => self.poll_fill(cx),
            })?;
            self.ended = self.input.is_empty() && buf.filled().len() == before;
        }
        if self.has_ended() {
            return Poll::Pending;
        }
        self.hand_on(buf);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match Pin::new(&mut self.stream).poll_write(cx, bytes) {
            Poll::Ready(written) => {
                self.blocked = None;
                Poll::Ready(written)
            }
            Poll::Pending => self.poll_blocked(cx).map(Err),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
