//! What the tickets of one queue have in common, under one lock.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep};

use super::crowd::Crowd;
use super::etcd::mirror::Mirror;
use super::local::Local;
#[cfg(feature = "etcd")]
use super::location::Outage;
use super::order::{Order, TOLD_AT_ONCE};
use super::place::Place;
use super::settings::Settings;
use super::status::{Head, SharedState};
use super::validity::Validity;
use crate::door::User;

/// What the tickets of one queue have in common.
#[derive(Debug)]
pub(super) struct Shared {
    settings: Settings,
    kind: Mutex<Kind>,
    /// Since when anybody waits; the time limits run only then.
    contended: watch::Sender<Option<Instant>>,
    /// Rung when places further back have changed.
    stale: Notify,
}

/// Where the order comes from.
#[derive(Debug)]
pub(super) enum Kind {
    Local(Local),
    Etcd(Box<Mirror>),
}

/// Why nobody more can join.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JoinError {
    /// As many wait as may.
    #[error("the queue is full: {0} are waiting")]
    Full(usize),
    /// As many wait from this address as may.
    #[error("{1} wait from {0}, as many as may (--per-address)")]
    PerAddress(IpAddr, usize),
    /// Etcd, in which the queue is, cannot be reached.
    #[error("the shared queue cannot be reached (--queue-outage refuse)")]
    Away,
}

impl Kind {
    fn order(&self) -> &Order {
        match self {
            Self::Local(local) => &local.order,
            Self::Etcd(mirror) => mirror.order(),
        }
    }

    /// How many stand in line, or are about to, the one who has the turn included.
    fn len(&self) -> usize {
        match self {
            Self::Local(local) => local.order.line.len(),
            Self::Etcd(mirror) => mirror.len(),
        }
    }

    /// Whether one more from `address` may come; who gets the turn at once does not wait.
    fn check(&self, settings: &Settings, address: IpAddr) -> Result<(), JoinError> {
        let len = self.len();
        match self {
            #[cfg(feature = "etcd")]
            Self::Etcd(mirror) if settings.queue_outage == Outage::Refuse && !mirror.is_valid() => {
                return Err(JoinError::Away);
            }
            _ if len > settings.queue_length => return Err(JoinError::Full(settings.queue_length)),
            _ => {}
        }
        match settings.per_address {
            Some(most) if len > 0 && self.order().count(address.into()) >= most => {
                Err(JoinError::PerAddress(address, most))
            }
            _ => Ok(()),
        }
    }
}

impl Shared {
    pub(super) fn new(settings: Settings, mirror: Option<Mirror>) -> Self {
        let crowd = settings.per_address.map(|_| Crowd::default());
        let kind = match mirror {
            Some(mut mirror) => {
                mirror.limit(crowd);
                Kind::Etcd(Box::new(mirror))
            }
            None => {
                let mut local = Local::default();
                local.order.crowd = crowd;
                Kind::Local(local)
            }
        };
        Self { settings, kind: Mutex::new(kind), contended: watch::Sender::new(None), stale: Notify::new() }
    }

    pub(super) fn join(
        &self,
        address: IpAddr,
        session: u64,
        user: Option<User>,
    ) -> Result<(u64, Arc<Place>), JoinError> {
        let mut kind = self.lock();
        kind.check(&self.settings, address)?;
        let joined = match &mut *kind {
            Kind::Local(local) => local.join(address.into(), user),
            Kind::Etcd(mirror) => mirror.join(address.into(), session, user),
        };
        self.tell_contended(&kind);
        Ok(joined)
    }

    pub(super) fn leave(&self, id: u64) {
        let mut kind = self.lock();
        match &mut *kind {
            Kind::Local(local) => local.leave(id),
            Kind::Etcd(mirror) => mirror.leave(id),
        }
        self.tell_contended(&kind);
        if kind.len() > TOLD_AT_ONCE {
            self.stale.notify_one();
        }
    }

    /// What etcd tells, or the passing time, changes the queue.
    #[cfg(feature = "etcd")]
    pub(super) fn update<T>(&self, change: impl FnOnce(&mut Mirror) -> T) -> Option<T> {
        let mut kind = self.lock();
        let Kind::Etcd(mirror) = &mut *kind else { return None };
        let changed = change(mirror);
        self.tell_contended(&kind);
        if kind.len() > TOLD_AT_ONCE {
            self.stale.notify_one();
        }
        Some(changed)
    }

    /// Until when the turn of this rank is had; `None` when it is no turn any more.
    pub(super) fn validity(&self, rank: u64) -> Option<Validity> {
        match &*self.lock() {
            Kind::Local(_) => Some(Validity::default()),
            Kind::Etcd(mirror) => mirror.validity(rank),
        }
    }

    /// Whether turns can be given now.
    pub(super) fn is_valid(&self) -> bool {
        match &*self.lock() {
            Kind::Local(_) => true,
            Kind::Etcd(mirror) => mirror.is_valid(),
        }
    }

    /// Who is at the head of a queue that servers share.
    pub(super) fn head(&self) -> Option<Head> {
        match &*self.lock() {
            Kind::Local(_) => None,
            Kind::Etcd(mirror) => mirror.head(),
        }
    }

    /// Who has the turn, if that has a name.
    pub(super) fn holder(&self) -> Option<User> {
        match &*self.lock() {
            Kind::Local(local) => local.order.line.first()?.1.as_ref()?.user.clone(),
            Kind::Etcd(mirror) => mirror.holder(),
        }
    }

    /// How a queue that servers share is.
    pub(super) fn state(&self) -> Option<SharedState> {
        match &*self.lock() {
            Kind::Local(_) => None,
            Kind::Etcd(mirror) => Some(mirror.state()),
        }
    }

    /// How many stand in line, the one who has the turn included.
    pub(super) fn len(&self) -> usize {
        self.lock().len()
    }

    /// How long the first of those who wait has waited.
    pub(super) fn longest_wait(&self) -> Option<Duration> {
        match &*self.lock() {
            Kind::Local(local) => {
                let second = local.order.line.members().nth(1);
                second.and_then(|member| Some(member.as_ref()?.place.joined.elapsed()))
            }
            Kind::Etcd(mirror) => mirror.longest_wait(),
        }
    }

    pub(super) fn capacity(&self) -> usize {
        self.settings.queue_length
    }

    /// Waits until those further back have news, rests, and tells them.
    pub(super) async fn tell_others(&self) {
        self.stale.notified().await;
        let rest = self.lock().order().rest();
        sleep(rest).await;
        self.lock().order().tell(TOLD_AT_ONCE, usize::MAX);
    }

    pub(super) fn estimate(&self, position: usize) -> Option<Duration> {
        self.lock().order().pace.estimate(position, Instant::now())
    }

    pub(super) fn contended(&self) -> watch::Receiver<Option<Instant>> {
        self.contended.subscribe()
    }

    fn tell_contended(&self, kind: &Kind) {
        let contended = kind.len() > 1;
        self.contended.send_if_modified(|since| {
            let changed = since.is_some() != contended;
            if changed {
                *since = contended.then(Instant::now);
            }
            changed
        });
    }

    fn lock(&self) -> MutexGuard<'_, Kind> {
        // Every critical section leaves the order whole, even one that panics.
        self.kind.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
