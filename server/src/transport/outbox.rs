//! What waits to be written to one peer.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, BytesMut};
use tokio::io::AsyncWrite;
use tokio::time::{Sleep, sleep};

use crate::ending::Ending;

/// Bytes that wait to be written, and the stream that takes them, within a time limit.
#[derive(Debug)]
pub(super) struct Outbox<W> {
    stream: W,
    /// What gathers.
    pub(super) bytes: BytesMut,
    /// Whether the stream may hold back what it took, as TLS does.
    unflushed: bool,
    /// Whether the stream's sending side is to be closed when all is written.
    ending: bool,
    write_limit: Duration,
    /// Runs while a write is blocked.
    blocked: Option<Pin<Box<Sleep>>>,
}

impl<W: AsyncWrite + Unpin> Outbox<W> {
    pub(super) fn new(stream: W, write_limit: Duration) -> Self {
        Self { stream, bytes: BytesMut::new(), unflushed: false, ending: false, write_limit, blocked: None }
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Writes what has gathered; an error when the peer takes nothing for too long.
    pub(super) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Ending>> {
        while !self.bytes.is_empty() {
            match Pin::new(&mut self.stream).poll_write(cx, &self.bytes) {
                Poll::Ready(written) => self.advance(written?),
                Poll::Pending => return self.poll_blocked(cx),
            }
        }
        if self.unflushed {
            match Pin::new(&mut self.stream).poll_flush(cx) {
                Poll::Ready(flushed) => flushed?,
                Poll::Pending => return self.poll_blocked(cx),
            }
            (self.unflushed, self.blocked) = (false, None);
        }
        if self.ending {
            match Pin::new(&mut self.stream).poll_shutdown(cx) {
                Poll::Ready(shut) => shut?,
                Poll::Pending => return self.poll_blocked(cx),
            }
            self.ending = false;
        }
        Poll::Ready(Ok(()))
    }

    /// Gives the room back that writing has taken, when all is written.
    pub(super) fn give_room_back(&mut self) {
        if self.bytes.is_empty() {
            self.bytes = BytesMut::new();
        }
    }

    /// Drops what was not written; false when a part was, or may be held back by the stream.
    pub(super) fn discard(&mut self) -> bool {
        self.bytes.clear();
        !self.unflushed
    }

    /// Closes the sending side when all is written.
    pub(super) fn end(&mut self) {
        self.ending = true;
    }

    /// Closes the sending side.
    pub(super) fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn advance(&mut self, written: usize) {
        if written == self.bytes.len() {
            // Keeps the room, where advancing to the end would give it up.
            self.bytes.clear();
        } else {
            self.bytes.advance(written);
        }
        (self.unflushed, self.blocked) = (true, None);
    }

    fn poll_blocked(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Ending>> {
        let limit = self.write_limit;
        let blocked = self.blocked.get_or_insert_with(|| Box::pin(sleep(limit)));
        ready!(blocked.as_mut().poll(cx));
        Poll::Ready(Err(Ending::Unresponsive(limit)))
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    /// A stream that takes everything and hands nothing on, as TLS does over a socket that is full.
    struct Unflushed;

    impl AsyncWrite for Unflushed {
        fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
            Poll::Ready(Ok(bytes.len()))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Pending
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Pending
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_write_limit_covers_what_tls_holds_back() {
        let mut outbox = Outbox::new(Unflushed, Duration::from_secs(30));
        outbox.push(b"oi");
        let ending = poll_fn(|cx| outbox.poll_flush(cx)).await.unwrap_err();
        assert!(matches!(ending, Ending::Unresponsive(limit) if limit == Duration::from_secs(30)));
    }
}
