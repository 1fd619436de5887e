//! A connection that waits for its turn, without taking its bytes or any CPU.

use std::io;

use futures_util::FutureExt;
use tokio::io::Interest;
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use crate::queue::{Ticket, Turn};

/// A connection whose peer is watched and not read: what it sends stays in the kernel, whose bounded buffer
/// pushes back on one that sends without end.
pub(super) struct Parked {
    stream: TcpStream,
    /// Whether readiness was cleared, so that the runtime no longer knows what the kernel holds.
    disturbed: bool,
}

/// How waiting ended.
pub(super) enum Unparked {
    /// The turn came.
    Turn(TcpStream, Turn),
    /// The peer is gone and has nothing left to be answered.
    Left,
    /// The server is going away.
    Shutdown(TcpStream),
}

impl Parked {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self { stream, disturbed: false }
    }

    /// Waits for the turn, for the peer to leave, or for the server's end.
    pub(super) async fn wait(mut self, ticket: Ticket, shutdown: &CancellationToken) -> Unparked {
        let turn = tokio::select! {
            biased;
            turn = ticket.turn() => Some(turn),
            () = self.left() => return Unparked::Left,
            () = shutdown.cancelled() => None,
        };
        match (self.unpark(), turn) {
            (Ok(stream), Some(turn)) => Unparked::Turn(stream, turn),
            (Ok(stream), None) => Unparked::Shutdown(stream),
            (Err(error), _) => {
                tracing::error!(%error, "could not take up a waiting connection");
                Unparked::Left
            }
        }
    }

    /// Resolves when the peer is gone: at its end of input if it has sent nothing, else, as it may only have
    /// closed its sending side, when the connection is broken.
    async fn left(&mut self) {
        while let Ok(ready) = self.stream.ready(Interest::READABLE).await {
            if ready.is_read_closed() {
                let sent = self.stream.peek(&mut [0]).await;
                return if sent.is_ok_and(|bytes| bytes > 0) {
                    self.broken().await
                };
            }
            self.await_news(Interest::READABLE);
        }
    }

    async fn broken(&mut self) {
        while self.stream.ready(Interest::WRITABLE).await.is_ok() {
            if self.is_broken() {
                return;
            }
            self.await_news(Interest::WRITABLE);
        }
    }

    /// Whether both directions are closed: the peer has reset the connection, or its network is gone.
    fn is_broken(&self) -> bool {
        let ready = self.stream.ready(Interest::WRITABLE).now_or_never();
        ready.is_some_and(|ready| ready.is_ok_and(|ready| ready.is_write_closed()))
    }

    /// Forgets that the stream is ready, so that the next wait is for something new.
    fn await_news(&mut self, interest: Interest) {
        self.disturbed = true;
        let forget: io::Result<()> = Err(io::ErrorKind::WouldBlock.into());
        // The answer is the error that was just made.
        let _ = self.stream.try_io(interest, || forget);
    }

    /// The stream, registered anew if the runtime was made to forget what the kernel holds.
    fn unpark(self) -> io::Result<TcpStream> {
        if self.disturbed { TcpStream::from_std(self.stream.into_std()?) } else { Ok(self.stream) }
    }
}
