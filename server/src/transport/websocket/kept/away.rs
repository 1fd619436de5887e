//! The time without a connection.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Sleep, sleep};

use crate::ending::Ending;

/// Runs while a visitor is away.
#[derive(Debug)]
pub(super) struct Away {
    /// How its connection ended.
    ending: Ending,
    timer: Pin<Box<Sleep>>,
}

impl Away {
    pub(super) fn new(ending: Ending, grace: Duration) -> Self {
        Self { ending, timer: Box::pin(sleep(grace)) }
    }

    /// Ready when the visitor was away for too long, with how its connection ended.
    pub(super) fn poll(away: &mut Option<Self>, cx: &mut Context<'_>) -> Poll<Ending> {
        match away {
            Some(running) => {
                ready!(running.timer.as_mut().poll(cx));
                let ending = away.take().map_or(Ending::Left, |away| away.ending);
                Poll::Ready(ending)
            }
            None => Poll::Pending,
        }
    }
}
