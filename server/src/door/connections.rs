//! How many connections may be open.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Semaphore;

use crate::platform;

/// Descriptors that are not for connections: listeners, standard streams, the runtime's, some to spare.
const RESERVED_FILES: u64 = 64;

/// Slots that only HTTP requests can have, so that `/healthz` and the page answer when all others are taken.
const RESERVED_FOR_REQUESTS: usize = 32;

/// Connections beside the queue (idle HTTP, refused peers, peers that do not close) that any address may have.
const LEAST_BESIDE: usize = 8;

/// The connections of one server, over all its listeners; clones share the count.
#[derive(Clone, Debug)]
pub(crate) struct Connections {
    permits: Arc<Permits>,
    /// How many permits there are in `all`.
    size: usize,
    beside: Arc<Beside>,
    /// Whether it was said that all are taken.
    told: Arc<AtomicBool>,
}

#[derive(Debug)]
struct Permits {
    /// One for each connection that may be open.
    all: Semaphore,
    /// One for each that may wait or talk, which leaves some for requests.
    visitors: Semaphore,
}

/// The right to keep a connection open.
#[derive(Debug)]
pub(crate) struct Slot {
    permits: Arc<Permits>,
    kind: Kind,
}

/// Which permits a slot has.
#[derive(Clone, Copy, Debug)]
enum Kind {
    /// Both.
    Visitor,
    /// One of all.
    Request,
    /// A visitor's, beside a request's.
    Upgrade,
}

impl Drop for Slot {
    fn drop(&mut self) {
        if matches!(self.kind, Kind::Visitor | Kind::Request) {
            self.permits.all.add_permits(1);
        }
        if matches!(self.kind, Kind::Visitor | Kind::Upgrade) {
            self.permits.visitors.add_permits(1);
        }
    }
}

/// Counts connections beside the queue by address.
#[derive(Debug)]
struct Beside {
    counts: Mutex<HashMap<IpAddr, usize>>,
    /// How many one address may have.
    most: usize,
}

/// One connection beside the queue; dropping it counts it no more.
#[derive(Debug)]
pub(crate) struct BesideQueue {
    beside: Arc<Beside>,
    address: IpAddr,
}

impl Connections {
    /// At most `most` connections, and no more than the limit on open files allows.
    pub(crate) fn new(most: Option<usize>) -> Self {
        let files =
            platform::open_files().map_or(u64::MAX, |files| files.saturating_sub(RESERVED_FILES).max(1));
        let files = usize::try_from(files).unwrap_or(usize::MAX);
        let size = most.unwrap_or(files).min(files).min(Semaphore::MAX_PERMITS);
        let visitors = size - RESERVED_FOR_REQUESTS.min(size / 8);
        let beside = Beside { counts: Mutex::default(), most: LEAST_BESIDE.max(size / 4) };
        Self {
            permits: Arc::new(Permits { all: Semaphore::new(size), visitors: Semaphore::new(visitors) }),
            size,
            beside: Arc::new(beside),
            told: Arc::default(),
        }
    }

    /// Waits until one more connection may wait in the queue or talk.
    pub(crate) async fn visitor(&self) -> Slot {
        self.tell_full(&self.permits.visitors);
        take(&self.permits.visitors).await;
        let mut slot = self.slot(Kind::Upgrade);
        take(&self.permits.all).await;
        slot.kind = Kind::Visitor;
        slot
    }

    /// Waits until one more connection may ask something.
    pub(crate) async fn request(&self) -> Slot {
        self.tell_full(&self.permits.all);
        take(&self.permits.all).await;
        self.slot(Kind::Request)
    }

    /// The right of a connection that was for requests to wait in the queue or talk, if one more may.
    pub(crate) fn upgrade(&self) -> Option<Slot> {
        self.permits.visitors.try_acquire().ok()?.forget();
        Some(self.slot(Kind::Upgrade))
    }

    /// A slot whose permits were taken.
    fn slot(&self, kind: Kind) -> Slot {
        Slot { permits: Arc::clone(&self.permits), kind }
    }

    /// Counts a connection from `address` that neither waits nor talks, unless as many as may are open already.
    pub(crate) fn beside(&self, address: IpAddr) -> Option<BesideQueue> {
        let address = address.to_canonical();
        let mut counts = self.beside.lock();
        let count = counts.entry(address).or_default();
        if *count >= self.beside.most {
            return None;
        }
        *count += 1;
        Some(BesideQueue { beside: Arc::clone(&self.beside), address })
    }

    /// Logs that all slots are taken, once until there is an eighth of them again.
    fn tell_full(&self, permits: &Semaphore) {
        let free = permits.available_permits();
        if free == 0 && !self.told.swap(true, Relaxed) {
            let size = self.size;
            tracing::warn!("{size} connections are open, as many as may; raise --connections or ulimit -n");
        } else if free > self.size / 8 {
            self.told.store(false, Relaxed);
        }
    }
}

async fn take(permits: &Semaphore) {
    permits.acquire().await.expect("the semaphore is never closed").forget();
}

impl Beside {
    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        // Every critical section leaves the counts whole, even one that panics.
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for BesideQueue {
    fn drop(&mut self) {
        let mut counts = self.beside.lock();
        if let Some(count) = counts.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn requests_have_slots_when_visitors_have_taken_all_others() {
        let connections = Connections::new(Some(16));
        let visitors: Vec<Slot> = std::iter::from_fn(|| connections.visitor().now_or_never()).collect();
        assert_eq!(visitors.len(), 14);
        assert!(connections.upgrade().is_none());
        let requests: Vec<Slot> = std::iter::from_fn(|| connections.request().now_or_never()).collect();
        assert_eq!(requests.len(), 2);
        drop(visitors);
        assert!(connections.upgrade().is_some());
    }

    #[test]
    fn a_single_slot_is_for_whoever_comes() {
        assert!(Connections::new(Some(1)).visitor().now_or_never().is_some());
        assert!(Connections::new(Some(1)).request().now_or_never().is_some());
    }

    #[test]
    fn one_address_cannot_take_all_slots_beside_the_queue() {
        let connections = Connections::new(Some(100));
        let [one, other] = [[192, 0, 2, 1], [192, 0, 2, 2]].map(IpAddr::from);
        let beside: Vec<BesideQueue> = std::iter::from_fn(|| connections.beside(one)).collect();
        assert_eq!(beside.len(), 25);
        assert!(connections.beside(other).is_some());
        drop(beside);
        assert!(connections.beside.lock().is_empty());
    }
}
