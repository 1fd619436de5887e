//! The time limits of a turn, which run only while somebody waits for it.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};
use vez_protocol::ByeReason;

use super::settings::Settings;
use crate::ending::Ending;

/// Measures one turn; clones watch the same.
#[derive(Clone, Debug)]
pub(super) struct Clock {
    /// When the turn began.
    began: Instant,
    /// When the last message came while somebody waited, or the first; when the turn began, if none has.
    heard: watch::Sender<Instant>,
    contended: watch::Receiver<Option<Instant>>,
    idle_limit: Option<Duration>,
    /// What limits the silence before the first message.
    no_show: Option<Duration>,
    turn_limit: Option<Duration>,
    warn_before: Duration,
}

/// A limit of the turn, and when it is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Deadline {
    limit: Limit,
    at: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Limit {
    Idle(Duration),
    Turn(Duration),
}

impl Deadline {
    /// What ends the turn, in the words of `vez.v1`.
    pub(super) fn reason(self) -> ByeReason {
        self.ending().codes().1
    }

    /// Whole seconds that are left, the begun one counted.
    pub(super) fn seconds_left(self) -> u64 {
        self.at.saturating_duration_since(Instant::now()).as_secs_f64().ceil() as u64
    }

    /// How long before it the warning is due: not before half of its time has passed.
    fn before(self, before: Duration) -> Duration {
        match self.limit {
            Limit::Idle(limit) | Limit::Turn(limit) => before.min(limit / 2),
        }
    }

    fn ending(self) -> Ending {
        match self.limit {
            Limit::Idle(limit) => Ending::IdleLimit(limit),
            Limit::Turn(limit) => Ending::TurnLimit(limit),
        }
    }
}

impl Clock {
    pub(super) fn new(settings: &Settings, contended: watch::Receiver<Option<Instant>>) -> Self {
        let began = Instant::now();
        Self {
            began,
            heard: watch::Sender::new(began),
            contended,
            idle_limit: settings.idle_limit,
            no_show: settings.no_show,
            turn_limit: settings.turn_limit,
            warn_before: settings.warn_before,
        }
    }

    /// A message came: the idle limit starts anew.
    pub(super) fn heard(&self) {
        // Only while the limit runs is it worth a look at the time, or if it is the first.
        let runs = self.idle_limit.is_some() && self.contended.borrow().is_some();
        if runs || self.no_show.is_some() && *self.heard.borrow() == self.began {
            self.heard.send_replace(Instant::now().max(self.began + Duration::from_nanos(1)));
        }
    }

    /// Waits until a limit has passed while somebody waited for the turn.
    pub(super) async fn expired(self) -> Ending {
        self.reached(Duration::ZERO, None).await.ending()
    }

    /// Waits until the turn ends soon, by a later deadline than the one that was `told`.
    pub(super) async fn warning(self, told: Option<Deadline>) -> Deadline {
        let before = self.warn_before;
        self.reached(before, told).await
    }

    async fn reached(self, before: Duration, told: Option<Deadline>) -> Deadline {
        let mut contended = self.contended.clone();
        loop {
            let since = *contended.borrow_and_update();
            tokio::select! {
                deadline = self.count_down(since, before, told) => return deadline,
                // The queue, which the turn keeps alive, holds the sender.
                _ = contended.changed() => {}
            }
        }
    }

    async fn count_down(&self, since: Option<Instant>, before: Duration, told: Option<Deadline>) -> Deadline {
        let Some(since) = since else { return std::future::pending().await };
        let mut heard = self.heard.subscribe();
        loop {
            let Some(next) = self.next(since, told) else {
                // Only a message makes another deadline; the sender is this clock's own.
                let _ = heard.changed().await;
                continue;
            };
            sleep_until(next.at - next.before(before)).await;
            // A message may have moved the deadline meanwhile.
            if self.next(since, told) == Some(next) {
                return next;
            }
        }
    }

    /// The first deadline, counted from `since`, when somebody began to wait.
    fn next(&self, since: Instant, told: Option<Deadline>) -> Option<Deadline> {
        let heard = *self.heard.borrow();
        let deadline = |limit, from: Instant, time| Deadline { limit, at: since.max(from) + time };
        let no_show = self.no_show.filter(|_| heard == self.began);
        let idle = self.idle_limit.into_iter().chain(no_show).min();
        let idle = idle.map(|time| deadline(Limit::Idle(time), heard, time));
        let turn = self.turn_limit.map(|time| deadline(Limit::Turn(time), self.began, time));
        let untold = |deadline: &Deadline| told.is_none_or(|told| deadline.at > told.at);
        idle.into_iter().chain(turn).filter(untold).min_by_key(|deadline| deadline.at)
    }
}
