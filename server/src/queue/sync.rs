//! What the queue waits and locks with, in one place: `explored` compiles the same queue over primitives whose
//! interleavings it decides.

pub(super) use std::sync::atomic::AtomicUsize;
pub(super) use std::sync::{Mutex, MutexGuard};

pub(super) use tokio::sync::{Notify, watch};
pub(super) use tokio::time::sleep;
