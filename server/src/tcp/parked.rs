//! A connection that waits for its turn, without taking its bytes or any CPU.

use std::future::poll_fn;
use std::io;
use std::mem::MaybeUninit;
use std::task::{Context, Poll, ready};

use futures_util::FutureExt;
use socket2::SockRef;
use tokio::io::{Interest, Ready};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use crate::queue::Ticket;

/// A connection whose peer is watched and not read: what it sends stays in the kernel, whose bounded buffer
/// pushes back on one that sends without end.
pub(super) struct Parked {
    stream: TcpStream,
    /// Whether the peer has sent something and then closed its sending side.
    half_closed: bool,
    /// Whether readiness was cleared, so that the runtime no longer knows what the kernel holds.
    disturbed: bool,
}

/// Why waiting is over.
pub(super) enum Waited {
    /// The turn came.
    Turn,
    /// The peer is gone and has nothing left to be answered.
    Left,
    /// The server is going away.
    Shutdown,
}

impl Parked {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self { stream, half_closed: false, disturbed: false }
    }

    /// Waits for the turn, for the peer to leave, or for the server's end.
    pub(super) async fn wait(&mut self, ticket: &mut Ticket, shutdown: &CancellationToken) -> Waited {
        tokio::select! {
            biased;
            () = ticket.due() => Waited::Turn,
            () = poll_fn(|cx| self.poll_left(cx)) => Waited::Left,
            () = shutdown.cancelled() => Waited::Shutdown,
        }
    }

    /// The stream, registered anew if the runtime was made to forget what the kernel holds.
    ///
    /// # Errors
    /// When it cannot be registered.
    pub(super) fn into_stream(self) -> io::Result<TcpStream> {
        if self.disturbed { TcpStream::from_std(self.stream.into_std()?) } else { Ok(self.stream) }
    }

    /// Ready when the peer is gone: at its end of input if it has sent nothing, else, as it may only have closed
    /// its sending side, when the connection is broken.
    fn poll_left(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while ready!(self.poll_news(cx)).is_ok() {
            if !self.half_closed && self.readiness(Interest::READABLE).is_read_closed() {
                if !self.has_spoken() {
                    break;
                }
                self.half_closed = true;
            } else if self.half_closed && self.readiness(Interest::WRITABLE).is_write_closed() {
                // Both directions are closed: the peer has reset the connection, or its network is gone.
                break;
            } else {
                self.await_news();
            }
        }
        Poll::Ready(())
    }

    /// What is watched: the peer's sending side until it is closed, then the other.
    fn interest(&self) -> Interest {
        if self.half_closed { Interest::WRITABLE } else { Interest::READABLE }
    }

    fn poll_news(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.half_closed { self.stream.poll_write_ready(cx) } else { self.stream.poll_read_ready(cx) }
    }

    fn readiness(&self, interest: Interest) -> Ready {
        let ready = self.stream.ready(interest).now_or_never();
        ready.and_then(Result::ok).unwrap_or(Ready::EMPTY)
    }

    /// Whether the kernel holds something that the peer has sent.
    fn has_spoken(&self) -> bool {
        let peeked = SockRef::from(&self.stream).peek(&mut [MaybeUninit::uninit()]);
        peeked.is_ok_and(|bytes| bytes > 0)
    }

    /// Forgets that the stream is ready, so that the next wait is for something new.
    fn await_news(&mut self) {
        self.disturbed = true;
        let forget: io::Result<()> = Err(io::ErrorKind::WouldBlock.into());
        // The answer is the error that was just made.
        let _ = self.stream.try_io(self.interest(), || forget);
    }
}
