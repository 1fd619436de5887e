//! Many who wait: what they cost, what the holder of the turn notices, and their turns.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::round_trip;
use super::{SETTLE, SMALL, quantile, sorted};
use crate::client::{self, Client};
use crate::process::Running;
use crate::records::{Measure, Records};
use crate::wire::Wire;

/// How long those who wait are watched.
const WATCHED: Duration = Duration::from_secs(2);

/// How long admitting them all may take.
const ADMISSION: Duration = Duration::from_secs(60);

/// In how many parts a crowd is admitted and served, so that the servers take turns.
const PARTS: usize = 10;

/// A server at which many wait and the same server without them.
#[derive(Debug)]
pub(crate) struct Pair {
    pub(crate) crowded: Running,
    pub(crate) alone: Running,
}

/// A crowd at one server.
struct Crowd<'a> {
    running: &'a Running,
    wire: Wire,
    holder: Client,
    waiters: VecDeque<Client>,
    /// How long the crowd has been admitted, or served.
    spent: Duration,
}

/// Has `count` clients wait at one server of each pair and be served; nobody waits at the other. The pairs, all of
/// one transport, take turns.
///
/// # Errors
/// When an answer is not as it must be.
pub(crate) fn measure(pairs: &[Pair], count: usize, messages: usize, records: &mut Records) -> Result<()> {
    let mut crowds = pairs.iter().map(|pair| Crowd::new(&pair.crowded)).collect::<Result<Vec<_>>>()?;
    for crowd in &mut crowds {
        round_trip::exchange(&mut crowd.holder, &crowd.wire, messages / 10)?;
    }
    admit(&mut crowds, count, records)?;
    watch(&crowds, count, records)?;
    compare(&mut crowds, pairs, count, messages, records)?;
    serve(&mut crowds, count, records)?;
    for crowd in crowds {
        let peak = crowd.running.memory()?.peak as f64 / 1e6;
        records.add(Measure::PeakMemory(count), crowd.running.subject, peak);
    }
    Ok(())
}

/// The CPU time of servers at which nothing happens.
fn watch(crowds: &[Crowd<'_>], count: usize, records: &mut Records) -> Result<()> {
    let before = cpu(crowds)?;
    std::thread::sleep(WATCHED);
    for (crowd, before) in crowds.iter().zip(before) {
        let idle = (crowd.running.cpu()? - before) as f64 / 1e6 / WATCHED.as_secs_f64();
        records.add(Measure::WaitingCpu(count), crowd.running.subject, idle);
    }
    Ok(())
}

/// The p99 of the holders' round trips, with and without a crowd.
fn compare(
    crowds: &mut [Crowd<'_>],
    pairs: &[Pair],
    count: usize,
    messages: usize,
    records: &mut Records,
) -> Result<()> {
    let Some(wire) = crowds.first().map(|crowd| crowd.wire.clone()) else { return Ok(()) };
    let mut alone = pairs.iter().map(|pair| pair.alone.connect()).collect::<Result<Vec<_>>>()?;
    let holders = crowds.iter_mut().map(|crowd| &mut crowd.holder).zip(&mut alone);
    let mut holders: Vec<_> = holders.flat_map(|(crowded, alone)| [crowded, alone]).collect();
    let trips = round_trip::by_turns(&mut holders, &wire, messages)?;
    let subjects = pairs.iter().flat_map(|pair| [pair.crowded.subject; 2]);
    let measures = [Measure::HolderP99(count), Measure::AloneP99(count)].into_iter().cycle();
    for ((trips, subject), measure) in trips.into_iter().zip(subjects).zip(measures) {
        records.add(measure, subject, quantile(&sorted(trips), 0.99));
    }
    Ok(())
}

/// Has `count` clients join each queue.
fn admit(crowds: &mut [Crowd<'_>], count: usize, records: &mut Records) -> Result<()> {
    std::thread::sleep(SETTLE);
    let (cpu, memory) = (cpu(crowds)?, memory(crowds)?);
    for _ in 0..PARTS {
        for crowd in &mut *crowds {
            crowd.admit(count / PARTS)?;
        }
    }
    std::thread::sleep(SETTLE);
    let each = |total: u64| total as f64 / 1e3 / count as f64;
    for ((crowd, cpu), memory) in crowds.iter_mut().zip(cpu).zip(memory) {
        let (running, subject) = (crowd.running, crowd.running.subject);
        records.add(Measure::AdmissionTime(count), subject, crowd.take_spent());
        records.add(Measure::AdmissionCpu(count), subject, each(running.cpu()? - cpu));
        let grown = running.memory()?.resident.saturating_sub(memory);
        records.add(Measure::WaitingMemory(count), subject, each(grown));
    }
    Ok(())
}

/// Waits until so many wait.
///
/// # Errors
/// When they do not within a minute.
pub(super) fn await_waiting(http: SocketAddr, count: usize) -> Result<()> {
    let began = Instant::now();
    while client::waiting(http)? != count as u64 {
        ensure!(began.elapsed() < ADMISSION, "{} of {count} wait", client::waiting(http)?);
        std::thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}

/// Serves all who wait; one who had its turn before those in front of it would let them wait for ever.
fn serve(crowds: &mut [Crowd<'_>], count: usize, records: &mut Records) -> Result<()> {
    let cpu = cpu(crowds)?;
    for _ in 0..PARTS {
        for crowd in &mut *crowds {
            crowd.serve(count / PARTS)?;
        }
    }
    for (crowd, cpu) in crowds.iter_mut().zip(cpu) {
        let subject = crowd.running.subject;
        records.add(Measure::ServingTime(count), subject, crowd.take_spent());
        let each = (crowd.running.cpu()? - cpu) as f64 / 1e3 / count as f64;
        records.add(Measure::ServingCpu(count), subject, each);
        records.add(Measure::Served(count), subject, (count - crowd.waiters.len()) as f64);
    }
    Ok(())
}

impl<'a> Crowd<'a> {
    fn new(running: &'a Running) -> Result<Self> {
        let (wire, holder) = (running.wire(SMALL)?, running.connect()?);
        Ok(Self { running, wire, holder, waiters: VecDeque::new(), spent: Duration::ZERO })
    }

    /// Has some more wait.
    fn admit(&mut self, count: usize) -> Result<()> {
        let began = Instant::now();
        for _ in 0..count {
            self.waiters.push_back(self.running.connect()?);
        }
        await_waiting(self.running.http(), self.waiters.len())?;
        self.spent += began.elapsed();
        Ok(())
    }

    /// Serves some of those who wait.
    fn serve(&mut self, count: usize) -> Result<()> {
        let began = Instant::now();
        for waiter in self.waiters.drain(..count) {
            self.holder.say_goodbye(&self.wire)?;
            std::mem::replace(&mut self.holder, waiter).read_to_end()?;
            self.holder.exchange(&self.wire)?;
        }
        self.spent += began.elapsed();
        Ok(())
    }

    /// The time since it was last taken, in milliseconds.
    fn take_spent(&mut self) -> f64 {
        std::mem::take(&mut self.spent).as_secs_f64() * 1e3
    }
}

fn cpu(crowds: &[Crowd<'_>]) -> Result<Vec<u64>> {
    crowds.iter().map(|crowd| crowd.running.cpu()).collect()
}

fn memory(crowds: &[Crowd<'_>]) -> Result<Vec<u64>> {
    crowds.iter().map(|crowd| Ok(crowd.running.memory()?.resident)).collect()
}
