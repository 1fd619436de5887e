//! How often somebody may be wrong.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How many wrong passwords come from one address at once.
const AT_ONCE: u32 = 10;

/// How long until one more may.
const AGAIN: Duration = Duration::from_secs(6);

/// Most addresses that are remembered; those beyond share one memory.
const REMEMBERED: usize = 4096;

/// Counts wrong passwords by address, of IPv6 by /64 network; those who are right are not counted.
#[derive(Debug, Default)]
pub(super) struct Attempts {
    /// When the last of its wrong attempts is forgiven.
    forgiven: Mutex<HashMap<Option<IpAddr>, Instant>>,
}

impl Attempts {
    /// Whether one more attempt from there is looked at.
    pub(super) fn may_try(&self, from: IpAddr) -> bool {
        let now = Instant::now();
        let forgiven = self.forgiven.lock().unwrap_or_else(PoisonError::into_inner);
        let key = Some(network(from));
        let known = if forgiven.contains_key(&key) || forgiven.len() < REMEMBERED { key } else { None };
        forgiven.get(&known).is_none_or(|at| *at <= now + AGAIN * (AT_ONCE - 1))
    }

    /// One from there was wrong.
    pub(super) fn was_wrong(&self, from: IpAddr) {
        let now = Instant::now();
        let mut forgiven = self.forgiven.lock().unwrap_or_else(PoisonError::into_inner);
        let key = Some(network(from));
        if !forgiven.contains_key(&key) && forgiven.len() >= REMEMBERED {
            forgiven.retain(|_, at| *at > now);
        }
        let key = if forgiven.contains_key(&key) || forgiven.len() < REMEMBERED { key } else { None };
        let at = forgiven.entry(key).or_insert(now);
        *at = (*at).max(now) + AGAIN;
    }
}

fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() >> 64 << 64).into()),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_was_wrong_too_often_waits_and_nobody_else() {
        let attempts = Attempts::default();
        let (one, other): (IpAddr, IpAddr) = ("2001:db8::1".parse().unwrap(), "192.0.2.1".parse().unwrap());
        for _ in 0..AT_ONCE {
            assert!(attempts.may_try(one));
            attempts.was_wrong(one);
        }
        assert!(!attempts.may_try("2001:db8::2".parse().unwrap()), "the same network");
        assert!(attempts.may_try(other));
        tokio::time::advance(AGAIN + Duration::from_millis(1)).await;
        assert!(attempts.may_try(one));
        attempts.was_wrong(one);
        assert!(!attempts.may_try(one));
    }

    #[tokio::test(start_paused = true)]
    async fn the_memory_is_bounded_and_old_faults_are_forgotten() {
        let attempts = Attempts::default();
        for number in 0..2 * REMEMBERED as u32 {
            attempts.was_wrong(IpAddr::from(number.to_be_bytes()));
        }
        assert_eq!(attempts.forgiven.lock().unwrap().len(), REMEMBERED + 1);
        assert!(!attempts.may_try("203.0.113.9".parse().unwrap()), "those beyond share one memory");
        tokio::time::advance(AGAIN * 2 * REMEMBERED as u32).await;
        attempts.was_wrong("203.0.113.9".parse().unwrap());
        assert_eq!(attempts.forgiven.lock().unwrap().len(), 1);
    }
}
