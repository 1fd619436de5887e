//! How many seats each user has.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::User;

type Counts = Arc<Mutex<HashMap<User, usize>>>;

/// The users that have seats; clones share them.
#[derive(Clone, Debug)]
pub(crate) struct Users {
    /// How many seats one may have.
    most: Option<usize>,
    counts: Counts,
}

impl Users {
    pub(crate) fn new(most: Option<usize>) -> Self {
        Self { most, counts: Counts::default() }
    }

    /// A seat more for a user; none is counted where there is no user, or no limit.
    ///
    /// # Errors
    /// How many there may be, when there are as many.
    pub(crate) fn enter(&self, user: Option<&User>) -> Result<Option<Box<Presence>>, usize> {
        let (Some(most), Some(user)) = (self.most, user) else { return Ok(None) };
        let mut counts = lock(&self.counts);
        if counts.get(user).copied().unwrap_or(0) >= most {
            return Err(most);
        }
        *counts.entry(user.clone()).or_default() += 1;
        Ok(Some(Box::new(Presence { user: user.clone(), counts: Arc::clone(&self.counts) })))
    }
}

/// One seat of a user, until it is dropped.
#[derive(Debug)]
pub(crate) struct Presence {
    user: User,
    counts: Counts,
}

impl Drop for Presence {
    fn drop(&mut self) {
        let mut counts = lock(&self.counts);
        if let Some(count) = counts.get_mut(&self.user) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.user);
            }
        }
    }
}

fn lock(counts: &Counts) -> MutexGuard<'_, HashMap<User, usize>> {
    counts.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_user_has_so_many_seats_and_nothing_is_kept_of_those_who_have_none() {
        let users = Users::new(Some(2));
        let (maria, jonas) = (User::new("maria"), User::new("jonas"));
        let first = users.enter(Some(&maria)).unwrap();
        let second = users.enter(Some(&User::new("maria"))).unwrap();
        assert_eq!(users.enter(Some(&maria)).unwrap_err(), 2);
        assert!(users.enter(Some(&jonas)).unwrap().is_some() && users.enter(None).unwrap().is_none());
        drop(first);
        drop((users.enter(Some(&maria)).unwrap(), second));
        assert!(lock(&users.counts).is_empty());
    }
}
