//! One message at a time.

use std::time::Instant;

use anyhow::Result;

use super::{SMALL, micros, quantile, sorted};
use crate::client::Client;
use crate::process::Running;
use crate::records::{Measure, Records};
use crate::wire::Wire;

/// How long so many messages took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RoundTrips {
    /// In microseconds.
    pub(crate) p50: f64,
    /// In microseconds.
    pub(crate) p99: f64,
    /// The server's, in microseconds.
    pub(crate) cpu_per_message: f64,
}

/// Exchanges messages with an idle server.
///
/// # Errors
/// When an answer is not as it must be.
pub(crate) fn measure(running: &Running, messages: usize, records: &mut Records) -> Result<()> {
    let wire = running.wire(SMALL)?;
    let mut client = running.connect()?;
    exchange(running, &mut client, &wire, messages / 10)?;
    let trips = exchange(running, &mut client, &wire, messages)?;
    records.add(Measure::RoundTripP50, running.subject, trips.p50);
    records.add(Measure::RoundTripP99, running.subject, trips.p99);
    records.add(Measure::CpuPerMessage, running.subject, trips.cpu_per_message);
    Ok(())
}

/// Exchanges `messages` as `client`.
///
/// # Errors
/// When an answer is not as it must be.
pub(crate) fn exchange(
    running: &Running,
    client: &mut Client,
    wire: &Wire,
    messages: usize,
) -> Result<RoundTrips> {
    let mut trips = Vec::with_capacity(messages);
    let before = running.cpu()?;
    for _ in 0..messages {
        let began = Instant::now();
        client.exchange(wire)?;
        trips.push(micros(began.elapsed()));
    }
    let cpu = running.cpu()? - before;
    let trips = sorted(trips);
    let cpu_per_message = cpu as f64 / 1e3 / messages as f64;
    Ok(RoundTrips { p50: quantile(&trips, 0.5), p99: quantile(&trips, 0.99), cpu_per_message })
}
