//! How long nobody had the turn while somebody waited.
//!
//! A session is over when the transcript says so, or when its client has closed its socket: from then on nobody
//! has the turn. The next session should begin at once if its client, or another that is served later, is known to
//! have been in line. Whoever left before its turn came has it from its beginning.

use std::time::{Duration, Instant};

use super::breach::{Breach, Promise};
use super::history::Served;

/// A time during which nobody had the turn while somebody waited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Free {
    pub(super) lasted: Duration,
    /// Who had the next turn.
    pub(super) next: u64,
}

/// The longest such time.
pub(super) fn longest(served: &[Served]) -> Option<Free> {
    let waiting = waiting_since(served);
    let free_since = std::iter::once(None).chain(served.iter().map(|last| Some(free_since(last))));
    let free = served.iter().zip(free_since).zip(waiting).filter_map(|((next, free), waiting)| {
        // The first turn has none before it.
        let since = free.map_or(waiting?, |free| free.max(waiting.unwrap_or(free)));
        Some(Free { lasted: waiting.and(next.began.checked_duration_since(since))?, next: next.number })
    });
    free.max_by_key(|free| free.lasted)
}

/// What was seen.
pub(super) fn breach(free: &Free) -> Breach {
    let Free { lasted, next } = free;
    Promise::FreeAtOnce.broken(format!("ninguém teve a vez por {lasted:?} antes do cliente {next}"))
}

/// Since when anybody has waited who had this turn or a later one, for each turn.
fn waiting_since(served: &[Served]) -> Vec<Option<Instant>> {
    let mut first = None;
    let mut since: Vec<_> = Vec::with_capacity(served.len());
    for session in served.iter().rev() {
        first = first.into_iter().chain(session.in_line).min();
        since.push(first);
    }
    since.reverse();
    since
}

/// Since when nobody has had the turn that `last` had.
fn free_since(last: &Served) -> Instant {
    let left = last.departed.map(|departed| departed.max(last.began));
    left.into_iter().chain(last.ended).min().unwrap_or(last.began)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{Free, longest};
    use crate::plan::Transport;
    use crate::referee::history::Served;

    /// When a client was in line, its session began and ended, and its socket was closed, in milliseconds.
    type Times = (u64, u64, u64, u64);

    fn longest_of(sessions: &[Times]) -> Option<(u64, u128)> {
        let start = Instant::now();
        let after = |ms| start + Duration::from_millis(ms);
        let session = |(number, (in_line, began, ended, departed)): (u64, &Times)| Served {
            number,
            transport: Transport::Tcp,
            arriving: after(0),
            in_line: Some(after(*in_line)),
            departed: Some(after(*departed)),
            began: after(*began),
            ended: Some(after(*ended)),
        };
        let served: Vec<_> = (0..).zip(sessions).map(session).collect();
        longest(&served).map(|Free { lasted, next }| (next, lasted.as_millis()))
    }

    #[test]
    fn the_time_between_two_sessions_counts_while_somebody_waits() {
        assert_eq!(longest_of(&[(0, 0, 100, 101), (10, 107, 200, 201)]), Some((1, 7)));
        assert_eq!(longest_of(&[(0, 0, 100, 101), (104, 107, 200, 201)]), Some((1, 3)));
    }

    #[test]
    fn those_who_are_served_later_wait_too() {
        let sessions = [(0, 0, 100, 101), (109, 110, 200, 201), (20, 200, 300, 301)];
        assert_eq!(longest_of(&sessions), Some((1, 10)));
    }

    #[test]
    fn who_has_left_does_not_have_the_turn() {
        assert_eq!(longest_of(&[(0, 0, 100, 60), (10, 101, 200, 201)]), Some((1, 41)));
        // It left before its turn came, which the server noticed within 5 ms.
        assert_eq!(longest_of(&[(0, 0, 100, 101), (1, 100, 105, 30), (10, 105, 200, 201)]), Some((2, 5)));
    }

    #[test]
    fn nobody_served_is_no_time() {
        assert_eq!(longest_of(&[]), None);
    }
}
