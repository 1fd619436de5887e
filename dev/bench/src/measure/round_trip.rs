//! One message at a time.

use std::time::Instant;

use anyhow::{Context, Result};

use super::{SETTLE, SMALL, micros, quantile, sorted};
use crate::client::Client;
use crate::process::Running;
use crate::records::{Measure, Records};
use crate::wire::Wire;

/// Messages of one client before it is another's turn.
const BLOCK: usize = 250;

/// One server's part in the measure.
struct Part<'a> {
    running: &'a Running,
    client: Client,
    wire: Wire,
    /// In microseconds.
    trips: Vec<f64>,
}

/// Exchanges messages with idle servers by turns, so that what else goes on concerns all of them.
///
/// # Errors
/// When an answer is not as it must be.
pub(crate) fn measure(servers: &[Running], messages: usize, records: &mut Records) -> Result<()> {
    let mut parts = servers.iter().map(Part::new).collect::<Result<Vec<_>>>()?;
    for part in &mut parts {
        part.exchange(messages / 10)?;
        part.trips.clear();
    }
    std::thread::sleep(SETTLE);
    let before = servers.iter().map(Running::cpu).collect::<Result<Vec<_>>>()?;
    for _ in 0..messages / BLOCK {
        for part in &mut parts {
            part.exchange(BLOCK)?;
        }
    }
    // What a server still has to do for its messages is a part of their cost.
    std::thread::sleep(SETTLE);
    for (part, before) in parts.into_iter().zip(before) {
        let (subject, count) = (part.running.subject, part.trips.len() as f64);
        let cpu = (part.running.cpu()? - before) as f64 / 1e3 / count;
        let trips = sorted(part.trips);
        records.add(Measure::RoundTripP50, subject, quantile(&trips, 0.5));
        records.add(Measure::RoundTripP99, subject, quantile(&trips, 0.99));
        records.add(Measure::CpuPerMessage, subject, cpu);
    }
    Ok(())
}

impl<'a> Part<'a> {
    fn new(running: &'a Running) -> Result<Self> {
        Ok(Self { running, client: running.connect()?, wire: running.wire(SMALL)?, trips: Vec::new() })
    }

    fn exchange(&mut self, messages: usize) -> Result<()> {
        let trips = exchange(&mut self.client, &self.wire, messages);
        self.trips.extend(trips.with_context(|| self.running.subject.to_string())?);
        Ok(())
    }
}

/// Exchanges `messages` as each of `clients`, by turns; returns how long each of theirs took, in microseconds.
///
/// # Errors
/// When an answer is not as it must be.
pub(crate) fn by_turns(clients: &mut [&mut Client], wire: &Wire, messages: usize) -> Result<Vec<Vec<f64>>> {
    let mut trips = vec![Vec::with_capacity(messages); clients.len()];
    for _ in 0..messages / BLOCK {
        for (client, trips) in clients.iter_mut().zip(&mut trips) {
            trips.extend(exchange(client, wire, BLOCK)?);
        }
    }
    Ok(trips)
}

/// Exchanges `messages` as `client`; returns how long each took, in microseconds.
///
/// # Errors
/// When an answer is not as it must be.
pub(crate) fn exchange(client: &mut Client, wire: &Wire, messages: usize) -> Result<Vec<f64>> {
    let trip = |_| {
        let began = Instant::now();
        client.exchange(wire)?;
        Ok(micros(began.elapsed()))
    };
    (0..messages).map(trip).collect()
}
