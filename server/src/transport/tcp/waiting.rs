//! A connection that waits for its turn, without taking its bytes or any CPU.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::FutureExt;
use tokio::io::{Interest, Ready};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until};
use vez_protocol::ServerEvent;

use super::first_line::{FirstLine, judge};
use super::halves::{TcpInput, TcpOutput, halves};
use super::port::Port;
use crate::ending::Ending;
use crate::session::Waiting;

/// How much of the first line is looked at before it is read: a request line of a page on this machine fits.
const PEEKED: usize = 16 * 1024;

/// How long after its arrival a turn may wait for the first bytes: a browser, which must not have one, sends its
/// request with the connection.
const FIRST_BYTES: Duration = Duration::from_millis(20);

/// A connection whose peer is watched and not read: what it sends stays in the kernel, whose bounded buffer
/// pushes back on one that sends without end.
#[derive(Debug)]
pub(crate) struct WaitingTcp {
    stream: TcpStream,
    port: Arc<Port>,
    accepted: Instant,
    /// Whether the first line is still to be judged.
    unjudged: bool,
    /// Whether the peer has sent something and then closed its sending side.
    half_closed: bool,
    /// Whether readiness was cleared, so that the runtime no longer knows what the kernel holds.
    cleared: bool,
    /// Runs while a turn waits for the first bytes.
    first_bytes: Option<Pin<Box<Sleep>>>,
}

impl WaitingTcp {
    /// A connection that was accepted just now.
    pub(crate) fn new(stream: TcpStream, port: Arc<Port>) -> Self {
        Self {
            stream,
            unjudged: port.refusal.is_some(),
            port,
            accepted: Instant::now(),
            half_closed: false,
            cleared: false,
            first_bytes: None,
        }
    }

    /// Ready when the peer is gone: at its end of input if it has sent nothing, else, as it may only have closed
    /// its sending side, when the connection is broken.
    fn poll_left(&mut self, cx: &mut Context<'_>) -> Poll<Ending> {
        while ready!(self.poll_readiness(cx)).is_ok() {
            if self.is_http() {
                return Poll::Ready(Ending::Http);
            }
            if !self.half_closed && self.readiness(Interest::READABLE).is_read_closed() {
                if self.peek(&mut [0]).is_empty() {
                    break;
                }
                self.half_closed = true;
            } else if self.half_closed && self.readiness(Interest::WRITABLE).is_write_closed() {
                // Both directions are closed: the peer has reset the connection, or its network is gone.
                break;
            } else {
                self.clear_readiness();
            }
        }
        Poll::Ready(Ending::Left)
    }

    /// Whether the peer turns out to speak HTTP; what cannot be told yet is told when the first line is read.
    fn is_http(&mut self) -> bool {
        if !self.unjudged {
            return false;
        }
        let mut buffer = [0; PEEKED];
        let peeked = self.peek(&mut buffer);
        if peeked.is_empty() {
            return false;
        }
        let judged = judge(peeked);
        self.unjudged = judged == FirstLine::Unfinished;
        judged == FirstLine::Http
    }

    /// What is watched: the peer's sending side until it is closed, then the other.
    fn interest(&self) -> Interest {
        if self.half_closed { Interest::WRITABLE } else { Interest::READABLE }
    }

    fn poll_readiness(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.half_closed { self.stream.poll_write_ready(cx) } else { self.stream.poll_read_ready(cx) }
    }

    fn readiness(&self, interest: Interest) -> Ready {
        let ready = self.stream.ready(interest).now_or_never();
        ready.and_then(Result::ok).unwrap_or(Ready::EMPTY)
    }

    /// What the kernel holds, up to the size of `buffer`.
    fn peek<'a>(&self, buffer: &'a mut [u8]) -> &'a [u8] {
        let peeked = self.stream.peek(buffer).now_or_never();
        let len = peeked.and_then(Result::ok).unwrap_or(0);
        &buffer[..len]
    }

    /// Forgets that the stream is ready, so that the next wait is for something new.
    fn clear_readiness(&mut self) {
        self.cleared = true;
        let clear: io::Result<()> = Err(io::ErrorKind::WouldBlock.into());
        // The answer is the error that was just made.
        let _ = self.stream.try_io(self.interest(), || clear);
    }
}

impl Waiting for WaitingTcp {
    type Input = TcpInput;
    type Output = TcpOutput;

    fn tell(&mut self, _place: impl FnOnce() -> ServerEvent<'static>) {}

    fn poll_watch(&mut self, cx: &mut Context<'_>) -> Poll<Ending> {
        self.poll_left(cx)
    }

    /// Judges the first line, if it is here or a browser's would be on its way.
    fn poll_begin(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Ending>> {
        if self.is_http() {
            return Poll::Ready(Err(Ending::Http));
        }
        while self.unjudged && !self.half_closed && self.poll_readiness(cx).is_ready() {
            if self.is_http() {
                return Poll::Ready(Err(Ending::Http));
            }
            if self.readiness(Interest::READABLE).is_read_closed() {
                return Poll::Ready(Ok(()));
            }
            self.clear_readiness();
        }
        if !self.unjudged || self.half_closed {
            return Poll::Ready(Ok(()));
        }
        let until = self.accepted + FIRST_BYTES;
        let first_bytes = self.first_bytes.get_or_insert_with(|| Box::pin(sleep_until(until)));
        first_bytes.as_mut().poll(cx).map(Ok)
    }

    /// The stream is registered anew if the runtime was made to forget what the kernel holds.
    fn into_halves(self) -> io::Result<(Self::Input, Self::Output)> {
        let stream = if self.cleared { TcpStream::from_std(self.stream.into_std()?)? } else { self.stream };
        Ok(halves(stream, self.port))
    }
}
