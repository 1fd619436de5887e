//! Short sessions, one after the other.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::SMALL;
use crate::process::Running;
use crate::records::{Measure, Records};

/// Clients that want a session at the same time.
const CLIENTS: usize = 8;

/// Measures sessions per second: connect, one message, `sair`.
///
/// # Errors
/// When an answer is not as it must be.
pub(crate) fn measure(running: &Running, duration: Duration, records: &mut Records) -> Result<()> {
    let began = Instant::now();
    let sessions = std::thread::scope(|scope| {
        let clients: Vec<_> =
            (0..CLIENTS).map(|_| scope.spawn(|| hold_sessions(running, began + duration))).collect();
        let counts = clients.into_iter().map(|client| client.join().ok().context("a client panicked")?);
        counts.sum::<Result<usize>>()
    })?;
    let rate = sessions as f64 / began.elapsed().as_secs_f64();
    records.add(Measure::Sessions, running.subject, rate);
    Ok(())
}

fn hold_sessions(running: &Running, end: Instant) -> Result<usize> {
    let wire = running.wire(SMALL)?;
    let mut sessions = 0;
    while Instant::now() < end {
        let mut client = running.connect()?;
        client.exchange(&wire)?;
        client.say_goodbye(&wire)?;
        client.read_to_end()?;
        sessions += 1;
    }
    Ok(sessions)
}
