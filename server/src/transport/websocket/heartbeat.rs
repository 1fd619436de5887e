//! Notices WebSocket peers that are gone (RFC 6455 §5.5.2).

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

use crate::ending::Ending;
use crate::transport::Settings;

/// How often a peer that is not read, or cannot answer, is probed: if it is gone, the probe is answered by a reset.
const PROBE: Duration = Duration::from_secs(1);

/// When to ping, and when to give up.
#[derive(Debug)]
pub(super) struct Heartbeat {
    timer: Pin<Box<Sleep>>,
    /// When the last byte came.
    heard: Instant,
    /// Whether a ping waits for its answer.
    pinged: bool,
    interval: Duration,
    patience: Duration,
}

impl Heartbeat {
    pub(super) fn new(settings: &Settings) -> Self {
        let heard = Instant::now();
        let (interval, patience) = (settings.ping, settings.pong_wait);
        Self { timer: Box::pin(sleep_until(heard + interval)), heard, pinged: false, interval, patience }
    }

    /// Bytes came: the peer is there.
    pub(super) fn heard(&mut self) {
        self.heard = Instant::now();
        self.pinged = false;
    }

    /// Ready when a ping is due while the peer is read, an error when it has not answered the last one.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Ending>> {
        loop {
            ready!(self.timer.as_mut().poll(cx));
            let now = Instant::now();
            if self.pinged {
                return Poll::Ready(Err(Ending::Unresponsive(now - self.heard)));
            }
            let due = self.heard + self.interval;
            if due <= now {
                self.pinged = true;
                self.timer.as_mut().reset(now + self.patience);
                return Poll::Ready(Ok(()));
            }
            self.timer.as_mut().reset(due);
        }
    }

    /// Ready when a ping is due while nothing is read, so that nothing can be heard; only writing can find the peer
    /// gone.
    pub(super) fn poll_deaf(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.pinged = false;
        let interval = PROBE.min(self.interval);
        if self.timer.deadline() > Instant::now() + interval {
            self.timer.as_mut().reset(Instant::now() + interval);
        }
        ready!(self.timer.as_mut().poll(cx));
        self.timer.as_mut().reset(Instant::now() + interval);
        Poll::Ready(())
    }
}
