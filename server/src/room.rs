//! How many connections may be open.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::config::Limits;
use crate::platform;

/// Descriptors that are not for connections: listeners, standard streams, the runtime's, some to spare.
const RESERVED_FILES: u64 = 64;

/// Room for connections, over all listeners together.
#[derive(Debug)]
pub(crate) struct Room {
    /// One permit for each connection that may be open.
    permits: Arc<Semaphore>,
    /// How many that are in all.
    size: usize,
    /// Whether it was said that the room is full.
    told: AtomicBool,
}

impl Room {
    /// As many as `limits` say, and no more than the limit on open files allows.
    pub(crate) fn new(limits: &Limits) -> Self {
        let files =
            platform::open_files().map_or(u64::MAX, |files| files.saturating_sub(RESERVED_FILES).max(1));
        let files = usize::try_from(files).unwrap_or(usize::MAX);
        let size = limits.connections.unwrap_or(files).min(files).min(Semaphore::MAX_PERMITS);
        Self { permits: Arc::new(Semaphore::new(size)), size, told: AtomicBool::new(false) }
    }

    /// Waits until one more connection may be open.
    pub(crate) async fn enter(&self) -> OwnedSemaphorePermit {
        self.tell_full();
        Arc::clone(&self.permits).acquire_owned().await.expect("the semaphore is never closed")
    }

    /// Logs that the room is full, once until there is an eighth of it again.
    fn tell_full(&self) {
        let free = self.permits.available_permits();
        if free == 0 && !self.told.swap(true, Relaxed) {
            let size = self.size;
            tracing::warn!("{size} connections are open, as many as may; raise --connections or ulimit -n");
        } else if free > self.size / 8 {
            self.told.store(false, Relaxed);
        }
    }
}
