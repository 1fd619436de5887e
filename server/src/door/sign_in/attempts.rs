//! How often somebody may be wrong.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::accounts::is_name;

/// How many wrong passwords come from one network at once.
const FROM_ONE_NETWORK: u32 = 10;

/// How many come for one name at once, from everywhere.
const FOR_ONE_NAME: u32 = 100;

/// How long until one more may.
const AGAIN: Duration = Duration::from_secs(6);

/// Most networks that are remembered, and most names; those beyond share one memory.
const REMEMBERED: usize = 4096;

/// Counts wrong passwords, by network and by name; those who are right are not counted.
///
/// Who guesses one name's password from everywhere does not lock its owner out where that was right before.
#[derive(Debug)]
pub(super) struct Attempts {
    networks: Failures<IpAddr>,
    names: Failures<String>,
    /// From where which name was right, and when at last.
    familiar: Mutex<HashMap<(String, IpAddr), Instant>>,
}

impl Default for Attempts {
    fn default() -> Self {
        Self {
            networks: Failures::at_most(FROM_ONE_NETWORK),
            names: Failures::at_most(FOR_ONE_NAME),
            familiar: Mutex::default(),
        }
    }
}

impl Attempts {
    /// Whether one more attempt for this name is looked at, from there.
    pub(super) fn may_try(&self, from: IpAddr, name: &str) -> bool {
        let from = network(from);
        let is_familiar = || lock(&self.familiar).contains_key(&(name.to_owned(), from));
        self.networks.may_try(from) && (self.names.may_try(key(name)) || is_familiar())
    }

    /// One from there was wrong.
    pub(super) fn was_wrong(&self, from: IpAddr, name: &str) {
        self.networks.was_wrong(network(from));
        self.names.was_wrong(key(name));
    }

    /// One from there was right.
    pub(super) fn was_right(&self, from: IpAddr, name: &str) {
        let mut familiar = lock(&self.familiar);
        familiar.insert((name.to_owned(), network(from)), Instant::now());
        if familiar.len() > REMEMBERED
            && let Some(oldest) = familiar.iter().min_by_key(|(_, at)| **at).map(|(key, _)| key.clone())
        {
            familiar.remove(&oldest);
        }
    }
}

/// Failed attempts by network or name: the generic cell rate algorithm, to which those that succeed cost nothing.
#[derive(Debug)]
struct Failures<K> {
    at_once: u32,
    /// When the last of them is forgiven.
    forgiven: Mutex<HashMap<Option<K>, Instant>>,
}

impl<K: Eq + Hash> Failures<K> {
    fn at_most(at_once: u32) -> Self {
        Self { at_once, forgiven: Mutex::default() }
    }

    fn may_try(&self, key: K) -> bool {
        let now = Instant::now();
        let forgiven = lock(&self.forgiven);
        let key = remembered(&forgiven, key);
        forgiven.get(&key).is_none_or(|at| *at <= now + AGAIN * (self.at_once - 1))
    }

    fn was_wrong(&self, key: K) {
        let now = Instant::now();
        let mut forgiven = lock(&self.forgiven);
        if forgiven.len() >= REMEMBERED {
            forgiven.retain(|_, at| *at > now);
        }
        let key = remembered(&forgiven, key);
        let at = forgiven.entry(key).or_insert(now);
        *at = (*at).max(now) + AGAIN;
    }
}

/// The key, if it has a memory of its own.
fn remembered<K: Eq + Hash>(forgiven: &HashMap<Option<K>, Instant>, key: K) -> Option<K> {
    let key = Some(key);
    if forgiven.contains_key(&key) || forgiven.len() < REMEMBERED { key } else { None }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An IPv4 address, or an IPv6 address's /64 network.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() >> 64 << 64).into()),
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// What can be no name is nobody's, however long it is.
fn key(name: &str) -> String {
    if is_name(name) { name.to_owned() } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(number: u32) -> IpAddr {
        IpAddr::from(number.to_be_bytes())
    }

    #[tokio::test(start_paused = true)]
    async fn who_was_wrong_too_often_waits_and_nobody_else() {
        let attempts = Attempts::default();
        let (one, other): (IpAddr, IpAddr) = ("2001:db8::1".parse().unwrap(), "192.0.2.1".parse().unwrap());
        for _ in 0..FROM_ONE_NETWORK {
            assert!(attempts.may_try(one, "maria"));
            attempts.was_wrong(one, "maria");
        }
        assert!(!attempts.may_try("2001:db8::2".parse().unwrap(), "ana"), "the same network");
        assert!(attempts.may_try(other, "maria"));
        tokio::time::advance(AGAIN + Duration::from_millis(1)).await;
        assert!(attempts.may_try(one, "maria"));
        attempts.was_wrong(one, "maria");
        assert!(!attempts.may_try(one, "maria"));
    }

    #[tokio::test(start_paused = true)]
    async fn one_name_is_guessed_from_everywhere_only_slowly_and_its_owner_comes_in() {
        let attempts = Attempts::default();
        let home: IpAddr = "192.0.2.1".parse().unwrap();
        attempts.was_right(home, "maria");
        for number in 0..FOR_ONE_NAME {
            assert!(attempts.may_try(address(number), "maria"));
            attempts.was_wrong(address(number), "maria");
        }
        assert!(!attempts.may_try(address(FOR_ONE_NAME), "maria"));
        assert!(attempts.may_try(address(FOR_ONE_NAME), "joão"));
        assert!(attempts.may_try(home, "maria"), "where it was right before");
        tokio::time::advance(AGAIN + Duration::from_millis(1)).await;
        assert!(attempts.may_try(address(FOR_ONE_NAME), "maria"));
    }

    #[tokio::test(start_paused = true)]
    async fn the_memory_is_bounded_and_old_faults_are_forgotten() {
        let attempts = Attempts::default();
        let name = |number: u32| format!("maria {number}");
        for number in 0..2 * REMEMBERED as u32 {
            attempts.was_wrong(address(number), &name(number));
            attempts.was_right(address(number), &name(number));
            attempts.was_wrong(address(number), &"x".repeat(number as usize + 1000));
            tokio::time::advance(Duration::from_nanos(1)).await;
        }
        assert_eq!(lock(&attempts.networks.forgiven).len(), REMEMBERED + 1);
        assert_eq!(lock(&attempts.names.forgiven).len(), REMEMBERED + 1);
        assert!(lock(&attempts.names.forgiven).keys().flatten().all(|name| name.len() < 1000));
        assert_eq!(lock(&attempts.familiar).len(), REMEMBERED);
        assert!(lock(&attempts.familiar).keys().all(|(_, from)| *from >= address(REMEMBERED as u32)));
        let stranger = "203.0.113.9".parse().unwrap();
        assert!(!attempts.may_try(stranger, "maria"), "those beyond share one memory");
        tokio::time::advance(AGAIN * 4 * REMEMBERED as u32).await;
        attempts.was_wrong(stranger, "maria");
        assert_eq!(lock(&attempts.networks.forgiven).len(), 1);
        assert_eq!(lock(&attempts.names.forgiven).len(), 1);
    }
}
