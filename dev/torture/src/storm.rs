//! The storm: so many clients at a time, one after the other in each slot.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use crate::arena::Arena;
use crate::client;
use crate::plan;

/// Longest pause in a slot before its next client, in milliseconds.
const PAUSE: u64 = 50;

/// How long the last clients have, and each of them more: the queue is as long as they are many.
const PATIENCE: Duration = Duration::from_secs(30);
const PATIENCE_EACH: Duration = Duration::from_millis(100);

/// Lets `clients` at a time come for as long as `length`, and waits until all are gone.
///
/// Those who are not gone after all patience is lost are given up; the referee calls them stuck.
///
/// # Errors
/// When a client's code fails, which is no fault of the server's.
pub(crate) async fn storm(arena: &Arc<Arena>, clients: u32, length: Duration) -> Result<()> {
    let end = Instant::now() + length;
    let mut slots = JoinSet::new();
    for _ in 0..clients {
        slots.spawn(slot(Arc::clone(arena), end));
    }
    let gone = async {
        while let Some(ended) = slots.join_next().await {
            ended.context("a client's code failed")?;
        }
        Ok(())
    };
    let patience = length + PATIENCE + PATIENCE_EACH * clients;
    timeout(patience, gone).await.unwrap_or(Ok(()))
}

async fn slot(arena: Arc<Arena>, end: Instant) {
    while Instant::now() < end {
        let number = arena.next.fetch_add(1, Relaxed);
        client::run(&arena, number, end).await;
        let pause = plan::chance(!arena.seed, number).u64(..PAUSE);
        sleep(Duration::from_millis(pause)).await;
    }
}
