//! Until when a turn surely is one.

#[cfg(feature = "etcd")]
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};
#[cfg(feature = "etcd")]
use std::time::Duration;

#[cfg(feature = "etcd")]
use crate::platform::since_boot;

/// Until when turns are surely had, by the clock that goes on while the machine sleeps; clones share it.
///
/// A process that was stopped does not notice by itself: whoever is about to write looks here first.
#[derive(Clone, Debug, Default)]
pub struct Validity {
    /// Nanoseconds since the machine started; `None` is for ever, as turns of a queue in one process are.
    #[cfg(feature = "etcd")]
    until: Option<Arc<AtomicU64>>,
}

#[cfg(not(feature = "etcd"))]
impl Validity {
    /// It does.
    pub fn holds(&self) -> bool {
        true
    }
}

#[cfg(feature = "etcd")]
impl Validity {
    /// Whether it holds now.
    pub fn holds(&self) -> bool {
        self.until.is_none() || self.holds_at(since_boot())
    }

    /// One that ends at once, unless it is prolonged.
    pub(super) fn over() -> Self {
        Self { until: Some(Arc::default()) }
    }

    /// Whether it holds at this time since the machine started.
    pub(super) fn holds_at(&self, now: Duration) -> bool {
        self.until.as_ref().is_none_or(|until| now.as_nanos() < u128::from(until.load(Relaxed)))
    }

    /// Lets it hold until this time since the machine started, if that is later.
    pub(super) fn prolong(&self, until: Duration) {
        if let Some(held) = &self.until {
            held.fetch_max(u64::try_from(until.as_nanos()).unwrap_or(u64::MAX), Relaxed);
        }
    }

    /// When it ends, since the machine started; `None` is never.
    pub(super) fn end(&self) -> Option<Duration> {
        self.until.as_ref().map(|until| Duration::from_nanos(until.load(Relaxed)))
    }
}
