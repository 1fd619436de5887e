//! How long turns take: the grounds for telling who waits how long it may be.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// How many of the latest turns are remembered.
const REMEMBERED: usize = 8;

/// The lengths of recent turns.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// When the present turn began.
    began: Option<Instant>,
    recent: VecDeque<Duration>,
}

impl Pace {
    /// A turn begins.
    pub(super) fn begin(&mut self, now: Instant) {
        self.began = Some(now);
    }

    /// The present turn ends.
    pub(super) fn end(&mut self, now: Instant) {
        if let Some(began) = self.began.take() {
            self.recent.truncate(REMEMBERED - 1);
            self.recent.push_front(now - began);
        }
    }

    /// How long until the one at `position` has the turn, if recent turns tell.
    pub(super) fn estimate(&self, position: usize, now: Instant) -> Option<Duration> {
        let count = u32::try_from(self.recent.len()).ok().filter(|count| *count > 0)?;
        let usual = self.recent.iter().sum::<Duration>() / count;
        let elapsed = self.began.map_or(Duration::ZERO, |began| now - began);
        let present = usual.saturating_sub(elapsed);
        let others = u32::try_from(position.saturating_sub(1)).unwrap_or(u32::MAX);
        Some(present.saturating_add(usual.saturating_mul(others)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_estimate_is_the_usual_length_for_each_ahead_less_what_has_passed() {
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        let mut pace = Pace::default();
        pace.begin(start);
        assert_eq!(pace.estimate(1, after(5)), None);
        pace.end(after(10));
        pace.begin(after(10));
        pace.end(after(30));
        pace.begin(after(30));
        assert_eq!(pace.estimate(1, after(34)), Some(Duration::from_secs(11)));
        assert_eq!(pace.estimate(3, after(34)), Some(Duration::from_secs(41)));
        assert_eq!(pace.estimate(1, after(90)), Some(Duration::ZERO));
    }

    #[test]
    fn only_recent_turns_count() {
        let start = Instant::now();
        let mut pace = Pace::default();
        let mut now = start;
        for length in [1000, 1, 1, 1, 1, 1, 1, 1, 1] {
            pace.begin(now);
            now += Duration::from_secs(length);
            pace.end(now);
        }
        assert_eq!(pace.estimate(2, now), Some(Duration::from_secs(2)));
    }
}
