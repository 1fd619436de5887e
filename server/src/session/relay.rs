//! A stream between two sockets, whose bytes need not visit the server.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

use crate::ending::Ending;
use crate::platform::Splice;

/// Both directions between the peer and what stands behind.
#[derive(Debug)]
pub(super) struct Relay {
    inbound: Splice,
    outbound: Splice,
    /// How long the peer may take for what is written to it.
    write_limit: Duration,
    /// Runs while the peer takes nothing.
    blocked: Option<Pin<Box<Sleep>>>,
}

impl Relay {
    /// # Errors
    /// Where the system cannot do it.
    pub(super) fn new(write_limit: Duration) -> io::Result<Self> {
        Ok(Self { inbound: Splice::new()?, outbound: Splice::new()?, write_limit, blocked: None })
    }

    /// Hands on what the peer says; ready with how many bytes came, 0 at the end of its input. What `behind` does not
    /// take any more keeps the peer waiting.
    pub(super) fn poll_inbound(
        &mut self,
        cx: &mut Context<'_>,
        peer: &TcpStream,
        behind: &TcpStream,
    ) -> Poll<Result<usize, Inbound>> {
        ready!(self.inbound.poll_give(cx, behind)).map_err(|_| Inbound::Refused)?;
        self.inbound.poll_take(cx, peer).map_err(|error| Inbound::Ended(error.into()))
    }

    /// Whether the peer is not read, because what it said is not taken.
    pub(super) fn holds(&self) -> bool {
        self.inbound.filled() > 0
    }

    /// Hands on what `behind` says; ready with how many bytes came, 0 when it has said all.
    pub(super) fn poll_outbound(
        &mut self,
        cx: &mut Context<'_>,
        peer: &TcpStream,
        behind: &TcpStream,
    ) -> Poll<Result<usize, Ending>> {
        let before = self.outbound.filled();
        let given = self.outbound.poll_give(cx, peer)?;
        if self.outbound.filled() < before {
            self.blocked = None;
        }
        if given.is_pending() {
            let limit = self.write_limit;
            let blocked = self.blocked.get_or_insert_with(|| Box::pin(sleep(limit)));
            ready!(blocked.as_mut().poll(cx));
            return Poll::Ready(Err(Ending::Unresponsive(limit)));
        }
        self.outbound.poll_take(cx, behind).map_err(|error| Ending::Unavailable(error.to_string()))
    }
}

/// Why nothing more is handed on of what the peer says.
#[derive(Debug)]
pub(super) enum Inbound {
    /// The peer is gone.
    Ended(Ending),
    /// What is behind takes no more.
    Refused,
}
