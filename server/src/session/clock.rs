//! The time limits of a turn, which run only while somebody waits for it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::Limit;
use crate::config::Times;

/// Measures one turn.
#[derive(Debug)]
pub(super) struct Clock {
    /// When the turn began.
    began: Instant,
    /// When the last message came while the idle limit ran, in milliseconds since the beginning.
    heard: AtomicU64,
    /// Whether the idle limit runs, as it does while somebody waits: only then is it worth a look at the time when
    /// a message came.
    idle_runs: AtomicBool,
    contended: watch::Receiver<Option<Instant>>,
    idle_limit: Option<Duration>,
    turn_limit: Option<Duration>,
    warn_before: Duration,
}

/// The turn ends soon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Warning {
    /// What will end it.
    pub(crate) limit: Limit,
    /// When.
    pub(crate) end: Instant,
}

impl Clock {
    pub(super) fn new(times: &Times, contended: watch::Receiver<Option<Instant>>) -> Self {
        Self {
            began: Instant::now(),
            heard: AtomicU64::new(0),
            idle_runs: AtomicBool::new(false),
            contended,
            idle_limit: times.idle_limit,
            turn_limit: times.turn_limit,
            warn_before: times.warn_before,
        }
    }

    /// A message came: the idle limit starts anew.
    pub(super) fn heard(&self) {
        if self.idle_runs.load(Relaxed) {
            let since = self.began.elapsed().as_millis();
            self.heard.store(u64::try_from(since).unwrap_or(u64::MAX), Relaxed);
        }
    }

    /// Waits until a limit has passed while somebody waited for the turn.
    pub(super) async fn expired(&self) -> Limit {
        self.reached(Duration::ZERO, None).await.limit
    }

    /// Waits until the turn ends soon, by another end than the one that `told` announced.
    pub(super) async fn warning(&self, told: Option<Warning>) -> Warning {
        self.reached(self.warn_before, told).await
    }

    async fn reached(&self, before: Duration, told: Option<Warning>) -> Warning {
        let mut contended = self.contended.clone();
        loop {
            let since = *contended.borrow_and_update();
            self.idle_runs.store(since.is_some() && self.idle_limit.is_some(), Relaxed);
            let countdown = async {
                match since {
                    Some(since) => self.count_down(since, before, told).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                warning = countdown => return warning,
                // The queue, which the turn keeps alive, holds the sender.
                _ = contended.changed() => {}
            }
        }
    }

    async fn count_down(&self, since: Instant, before: Duration, told: Option<Warning>) -> Warning {
        loop {
            let Some(next) = self.next_end(since, told) else { return std::future::pending().await };
            sleep_until(next.end.checked_sub(before).unwrap_or(since)).await;
            // A message may have moved the end meanwhile.
            if self.next_end(since, told) == Some(next) {
                return next;
            }
        }
    }

    /// When the first limit is reached, counted from `since`, when somebody began to wait.
    fn next_end(&self, since: Instant, told: Option<Warning>) -> Option<Warning> {
        let heard = self.began + Duration::from_millis(self.heard.load(Relaxed));
        let idle =
            self.idle_limit.map(|limit| Warning { limit: Limit::Idle(limit), end: since.max(heard) + limit });
        let turn = self
            .turn_limit
            .map(|limit| Warning { limit: Limit::Turn(limit), end: since.max(self.began) + limit });
        let untold = |warning: &Warning| told.is_none_or(|told| warning.end > told.end);
        idle.into_iter().chain(turn).filter(untold).min_by_key(|warning| warning.end)
    }
}
