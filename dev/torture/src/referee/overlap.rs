//! No two clients had the turn at once, by what they saw themselves.
//!
//! From the first sign of its turn until it sends something that is answered later, a client surely has the turn:
//! it cannot have had it, lost it, and got it again, as it has only one. The true times are longer, so that times that
//! overlap here did overlap.

use super::served::Held;
use crate::breach::{Breach, Promise};

/// Checks that no two of these times overlap.
pub(super) fn check(held: &[Held]) -> Result<(), Breach> {
    let mut held = held.to_vec();
    held.sort_unstable_by_key(|held| held.from);
    match held.windows(2).find(|pair| pair[1].from < pair[0].until) {
        Some([first, second]) => Err(Promise::OneAtATime.broken(format!(
            "os clientes {} e {} tiveram a vez ao mesmo tempo",
            first.number, second.number
        ))),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{Held, check};

    fn overlap(times: &[(u64, u64)]) -> bool {
        let start = Instant::now();
        let after = |ms| start + Duration::from_millis(ms);
        let held = |(number, (from, until)): (u64, &(u64, u64))| Held {
            number,
            from: after(*from),
            until: after(*until),
        };
        check(&(0..).zip(times).map(held).collect::<Vec<_>>()).is_err()
    }

    #[test]
    fn only_times_that_overlap_are_wrong() {
        assert!(!overlap(&[(10, 20), (0, 10), (20, 30)]));
        assert!(overlap(&[(10, 20), (0, 11), (20, 30)]));
        assert!(overlap(&[(0, 30), (10, 20)]));
    }
}
