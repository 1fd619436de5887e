//! One message at a time.

use std::time::Instant;

use anyhow::Result;

use super::{SMALL, micros, quantile, sorted};
use crate::client::Client;
use crate::process::Running;
use crate::records::{Measure, Records};
use crate::wire::Wire;

/// Exchanges messages with an idle server.
///
/// # Errors
/// When an answer is not as it must be.
pub(crate) fn measure(running: &Running, messages: usize, records: &mut Records) -> Result<()> {
    let wire = running.wire(SMALL)?;
    let mut client = running.connect()?;
    exchange(&mut client, &wire, messages / 10)?;
    let before = running.cpu()?;
    let trips = sorted(exchange(&mut client, &wire, messages)?);
    let cpu = (running.cpu()? - before) as f64 / 1e3 / messages as f64;
    records.add(Measure::RoundTripP50, running.subject, quantile(&trips, 0.5));
    records.add(Measure::RoundTripP99, running.subject, quantile(&trips, 0.99));
    records.add(Measure::CpuPerMessage, running.subject, cpu);
    Ok(())
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
