//! How long nobody had the turn while somebody waited, by what the clients saw themselves.
//!
//! A turn is over when its client was dismissed, saw the end of its connection, or closed its socket: from then on
//! nobody has it. The next is on when its client is told of it or gets its first answer. The transcript only tells
//! whose turns follow each other: its lines come late. Where a client does not see its turn begin, as one that never
//! reads or has left before, the turn counts as free from its departure until the next client sees its own.

use std::time::{Duration, Instant};

use super::served::Served;
use crate::breach::{Breach, Promise};

/// A time during which nobody had the turn while somebody waited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Free {
    pub(super) lasted: Duration,
    /// Who had the next turn.
    pub(super) next: u64,
}

/// The longest such time.
pub(super) fn longest(served: &[Served]) -> Option<Free> {
    let mut since = None;
    let free = served.iter().filter_map(|next| {
        let free = free_before(next, since);
        since = free_after(next, since);
        free
    });
    free.max_by_key(|free| free.lasted)
}

/// What was seen.
pub(super) fn breach(free: &Free) -> Breach {
    let Free { lasted, next } = free;
    Promise::FreeAtOnce.broken(format!("ninguém teve a vez por {lasted:?} antes do cliente {next}"))
}

/// How long the turn that is free `since` then was free before `next` saw that it had it, and could have seen it.
fn free_before(next: &Served, since: Option<Instant>) -> Option<Free> {
    let lasted = next.began?.checked_duration_since(since?.max(next.ready?))?;
    Some(Free { lasted, next: next.number })
}

/// Since when nobody has had the turn that `last` had; it came when the one before was over, `since` then.
fn free_after(last: &Served, since: Option<Instant>) -> Option<Instant> {
    let ended = last.ended?;
    if last.began.is_some() { Some(ended) } else { Some(ended.max(since?)) }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{Free, longest};
    use crate::plan::Transport;
    use crate::referee::served::Served;

    /// When a client was ready, saw its turn begin, and saw it end, in milliseconds.
    type Times = (Option<u64>, Option<u64>, Option<u64>);

    fn longest_of(sessions: &[Times]) -> Option<(u64, u128)> {
        let start = Instant::now();
        let after = |ms: u64| start + Duration::from_millis(ms);
        let session = |(number, (ready, began, ended)): (u64, &Times)| Served {
            number,
            transport: Transport::Tcp,
            arriving: start,
            in_line: Some(start),
            ready: ready.map(after),
            began: began.map(after),
            ended: ended.map(after),
        };
        let served: Vec<_> = (0..).zip(sessions).map(session).collect();
        longest(&served).map(|Free { lasted, next }| (next, lasted.as_millis()))
    }

    fn polite(ready: u64, began: u64, ended: u64) -> Times {
        (Some(ready), Some(began), Some(ended))
    }

    fn rude(departed: u64) -> Times {
        (None, None, Some(departed))
    }

    #[test]
    fn the_time_between_two_turns_counts_while_the_next_waits() {
        assert_eq!(longest_of(&[polite(0, 0, 100), polite(10, 107, 200)]), Some((1, 7)));
        assert_eq!(longest_of(&[polite(0, 0, 100), polite(104, 107, 200)]), Some((1, 3)));
        assert_eq!(
            longest_of(&[polite(0, 0, 100), polite(10, 105, 200), polite(20, 209, 300)]),
            Some((2, 9))
        );
    }

    #[test]
    fn who_has_left_does_not_have_the_turn() {
        assert_eq!(longest_of(&[polite(0, 0, 100), rude(150), polite(10, 157, 200)]), Some((2, 7)));
        // It left before its turn came.
        assert_eq!(longest_of(&[polite(0, 0, 100), rude(30), polite(10, 105, 200)]), Some((2, 5)));
    }

    #[test]
    fn what_nobody_saw_is_no_time() {
        assert_eq!(longest_of(&[]), None);
        let unknown = (Some(0), Some(0), None);
        assert_eq!(longest_of(&[unknown, polite(10, 900, 1000)]), None);
        assert_eq!(longest_of(&[unknown, rude(30), polite(10, 900, 1000)]), None);
        // It left when the server had ended its turn already.
        assert_eq!(longest_of(&[polite(0, 0, 100), rude(950), polite(10, 900, 1000)]), None);
    }
}
