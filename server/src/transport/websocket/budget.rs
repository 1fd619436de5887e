//! How much somebody who waits may make the server do.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

/// What may be spent at once: a burst, as when what was written while offline is sent.
const BURST: u32 = 256 * 1024;

/// What may be spent in a second after that.
const PER_SECOND: u32 = 8 * 1024;

/// What must have come together again before more is spent: few wake-ups instead of many.
const LEAST: u32 = 2 * 1024;

/// What a read or a frame costs beside its bytes.
const EACH: u32 = 64;

/// An account that fills with time and is spent by reading: a token bucket whose unit is about a byte.
#[derive(Debug)]
pub(super) struct Budget {
    left: u32,
    /// Since when it fills.
    since: Instant,
    /// Runs while nothing may be spent.
    empty: Option<Pin<Box<Sleep>>>,
}

impl Budget {
    pub(super) fn new() -> Self {
        Self { left: BURST, since: Instant::now(), empty: None }
    }

    /// Spends what a read or a frame of so many bytes costs.
    pub(super) fn spend(&mut self, bytes: usize) {
        let cost = u32::try_from(bytes).unwrap_or(u32::MAX).saturating_add(EACH);
        self.left = self.left.saturating_sub(cost);
    }

    /// Ready when something may be spent.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while self.left == 0 {
            let until = self.since + Duration::from_secs(1) * LEAST / PER_SECOND;
            let empty = self.empty.get_or_insert_with(|| Box::pin(sleep_until(until)));
            ready!(empty.as_mut().poll(cx));
            self.empty = None;
            self.fill();
        }
        Poll::Ready(())
    }

    fn fill(&mut self) {
        let now = Instant::now();
        let filled = (now - self.since).as_secs_f64() * f64::from(PER_SECOND);
        self.left = self.left.saturating_add(filled as u32).min(BURST);
        self.since = now;
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use futures_util::FutureExt;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn after_a_burst_little_is_spent_in_a_second() {
        let mut budget = Budget::new();
        budget.spend(BURST as usize);
        assert!(poll_fn(|cx| budget.poll(cx)).now_or_never().is_none());
        let (start, mut frames) = (Instant::now(), 0);
        while start.elapsed() < Duration::from_secs(10) {
            poll_fn(|cx| budget.poll(cx)).await;
            budget.spend(6);
            frames += 1;
        }
        let most = 10 * (PER_SECOND / (EACH + 6)) + LEAST / EACH;
        assert!((most / 2..=most).contains(&frames), "{frames} frames in 10 s");
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_not_spent_gathers_up_to_a_burst() {
        let mut budget = Budget::new();
        budget.spend(BURST as usize);
        tokio::time::advance(Duration::from_secs(3600)).await;
        poll_fn(|cx| budget.poll(cx)).await;
        assert_eq!(budget.left, BURST);
    }
}
