//! What it costs when one who waits leaves, and the others are told of their places.

use std::collections::VecDeque;
use std::time::Duration;

use anyhow::Result;

use super::waiting::await_waiting;
use super::{SETTLE, SMALL};
use crate::process::Running;
use crate::records::{Measure, Records};

/// How many leave.
const DEPARTURES: usize = 50;

/// From one departure to the next.
const APART: Duration = Duration::from_millis(20);

/// Those further back are told within this time.
const NEWS: Duration = Duration::from_millis(1200);

/// Has 50 leave from the front of each queue, by turns, while about `count` wait, all over `vez.v1`, which tells
/// every place.
///
/// # Errors
/// When an answer is not as it must be.
pub(crate) fn measure(servers: &[Running], count: usize, records: &mut Records) -> Result<()> {
    let mut queues = Vec::with_capacity(servers.len());
    for running in servers {
        let mut holder = running.connect()?;
        holder.exchange(&running.wire(SMALL)?)?;
        let connect = |_| running.connect_events();
        let waiters = (0..count + DEPARTURES / 2).map(connect).collect::<Result<VecDeque<_>>>()?;
        await_waiting(running.http(), waiters.len())?;
        queues.push((holder, waiters));
    }
    std::thread::sleep(SETTLE);
    let before = servers.iter().map(Running::cpu).collect::<Result<Vec<_>>>()?;
    for _ in 0..DEPARTURES {
        for (_, waiters) in &mut queues {
            drop(waiters.pop_front());
            std::thread::sleep(APART);
        }
    }
    std::thread::sleep(NEWS);
    for (running, before) in servers.iter().zip(before) {
        let each = (running.cpu()? - before) as f64 / 1e3 / DEPARTURES as f64;
        records.add(Measure::Departure(count), running.subject, each);
    }
    Ok(())
}
