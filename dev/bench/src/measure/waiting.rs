//! Many who wait: what they cost, what the holder of the turn notices, and their turns.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::round_trip::{self, BLOCK};
use super::{SETTLE, SMALL, quantile, sorted};
use crate::client::{self, Client};
use crate::process::Running;
use crate::records::{Measure, Records};
use crate::wire::Wire;

/// How long those who wait are watched.
const WATCHED: Duration = Duration::from_secs(2);

/// How long admitting them all may take.
const ADMISSION: Duration = Duration::from_secs(60);

/// Has `count` clients wait at one server and be served; nobody waits at the other.
///
/// # Errors
/// When an answer is not as it must be.
pub(crate) fn measure(
    running: &Running,
    alone: &Running,
    count: usize,
    messages: usize,
    records: &mut Records,
) -> Result<()> {
    let subject = running.subject;
    let wire = running.wire(SMALL)?;
    let mut holder = running.connect()?;
    round_trip::exchange(&mut holder, &wire, messages / 10)?;

    let waiters = admit(running, count, records)?;

    let cpu = running.cpu()?;
    std::thread::sleep(WATCHED);
    let idle = (running.cpu()? - cpu) as f64 / 1e6 / WATCHED.as_secs_f64();
    records.add(Measure::WaitingCpu(count), subject, idle);

    let (crowded, alone) = compare(&mut holder, &mut alone.connect()?, &wire, messages)?;
    records.add(Measure::HolderP99(count), subject, crowded);
    records.add(Measure::AloneP99(count), subject, alone);

    serve(running, holder, waiters, &wire, records)?;
    records.add(Measure::PeakMemory(count), subject, running.memory()?.peak as f64 / 1e6);
    Ok(())
}

/// The p99 of two holders' round trips, by turns, so that what else goes on concerns both.
fn compare(first: &mut Client, second: &mut Client, wire: &Wire, messages: usize) -> Result<(f64, f64)> {
    let (mut firsts, mut seconds) = (Vec::new(), Vec::new());
    for _ in 0..messages / BLOCK {
        firsts.extend(round_trip::exchange(first, wire, BLOCK)?);
        seconds.extend(round_trip::exchange(second, wire, BLOCK)?);
    }
    Ok((quantile(&sorted(firsts), 0.99), quantile(&sorted(seconds), 0.99)))
}

/// Has `count` clients join the queue.
fn admit(running: &Running, count: usize, records: &mut Records) -> Result<Vec<Client>> {
    let subject = running.subject;
    std::thread::sleep(SETTLE);
    let (memory, cpu, began) = (running.memory()?.resident, running.cpu()?, Instant::now());
    let waiters = (0..count).map(|_| running.connect()).collect::<Result<Vec<_>>>()?;
    await_waiting(running.http(), count)?;
    records.add(Measure::AdmissionTime(count), subject, began.elapsed().as_secs_f64() * 1e3);
    std::thread::sleep(SETTLE);
    let each = |total: u64| total as f64 / 1e3 / count as f64;
    records.add(Measure::AdmissionCpu(count), subject, each(running.cpu()? - cpu));
    let grown = running.memory()?.resident.saturating_sub(memory);
    records.add(Measure::WaitingMemory(count), subject, each(grown));
    Ok(waiters)
}

/// Waits until so many wait.
///
/// # Errors
/// When they do not within a minute.
pub(super) fn await_waiting(http: SocketAddr, count: usize) -> Result<()> {
    let began = Instant::now();
    while client::waiting(http)? != count as u64 {
        ensure!(began.elapsed() < ADMISSION, "{} of {count} wait", client::waiting(http)?);
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}

/// Serves all who wait; one who had its turn before those in front of it would let them wait for ever.
fn serve(
    running: &Running,
    mut holder: Client,
    waiters: Vec<Client>,
    wire: &Wire,
    records: &mut Records,
) -> Result<()> {
    let (subject, count) = (running.subject, waiters.len());
    let (cpu, began) = (running.cpu()?, Instant::now());
    let mut served = 0;
    for waiter in waiters {
        holder.say_goodbye(wire)?;
        holder.read_to_end()?;
        holder = waiter;
        holder.exchange(wire)?;
        served += 1;
    }
    records.add(Measure::ServingTime(count), subject, began.elapsed().as_secs_f64() * 1e3);
    let each = (running.cpu()? - cpu) as f64 / 1e3 / count as f64;
    records.add(Measure::ServingCpu(count), subject, each);
    records.add(Measure::Served(count), subject, f64::from(served));
    Ok(())
}
