//! The time without a connection.

use std::fmt;
use std::task::{Context, Poll, ready};

use futures_util::future::BoxFuture;

use crate::ending::Ending;

/// Runs while a visitor is away.
pub(super) struct Away {
    /// How its connection ended.
    ending: Ending,
    /// Until nobody is awaited any more.
    over: BoxFuture<'static, ()>,
}

impl Away {
    pub(super) fn new(ending: Ending, over: BoxFuture<'static, ()>) -> Self {
        Self { ending, over }
    }

    /// Ready when the visitor was away for too long, with how its connection ended.
    pub(super) fn poll(away: &mut Option<Self>, cx: &mut Context<'_>) -> Poll<Ending> {
        match away {
            Some(running) => {
                ready!(running.over.as_mut().poll(cx));
                let ending = away.take().map_or(Ending::Left, |away| away.ending);
                Poll::Ready(ending)
            }
            None => Poll::Pending,
        }
    }
}

impl fmt::Debug for Away {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Away").field("ending", &self.ending).finish_non_exhaustive()
    }
}
