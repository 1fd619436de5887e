//! What shuttle schedules in place of `queue::sync`.
//!
//! Of tokio's parts these are the shipped ones, whose insides tokio explores itself: here each of their steps is
//! whole, and shuttle may run somebody else before it.

use std::time::Duration;

use shuttle::sync::atomic::AtomicBool;
use shuttle::sync::atomic::Ordering::SeqCst;

pub(super) use shuttle::sync::atomic::AtomicUsize;
pub(super) use shuttle::sync::{Mutex, MutexGuard};

/// A point at which shuttle may run somebody else: the access matters, not the value.
#[derive(Debug, Default)]
struct Crossing(AtomicBool);

impl Crossing {
    fn pass(&self) {
        self.0.load(SeqCst);
    }
}

#[derive(Debug)]
pub(super) struct Notify {
    shipped: tokio::sync::Notify,
    crossing: Crossing,
}

impl Notify {
    pub(super) fn new() -> Self {
        Self { shipped: tokio::sync::Notify::new(), crossing: Crossing::default() }
    }

    pub(super) fn notify_one(&self) {
        self.crossing.pass();
        self.shipped.notify_one();
    }

    pub(super) async fn notified(&self) {
        self.crossing.pass();
        let notified = self.shipped.notified();
        self.crossing.pass();
        notified.await;
    }
}

pub(super) mod watch {
    use super::Crossing;

    pub(in super::super) use tokio::sync::watch::Receiver;

    #[derive(Debug)]
    pub(in super::super) struct Sender<T> {
        shipped: tokio::sync::watch::Sender<T>,
        crossing: Crossing,
    }

    impl<T> Sender<T> {
        pub(in super::super) fn new(value: T) -> Self {
            Self { shipped: tokio::sync::watch::Sender::new(value), crossing: Crossing::default() }
        }

        pub(in super::super) fn send_if_modified(&self, modify: impl FnOnce(&mut T) -> bool) {
            self.crossing.pass();
            self.shipped.send_if_modified(modify);
        }

        pub(in super::super) fn subscribe(&self) -> Receiver<T> {
            self.crossing.pass();
            self.shipped.subscribe()
        }
    }
}

/// Any time may pass, or none.
pub(super) async fn sleep(_: Duration) {
    shuttle::future::yield_now().await;
}
