//! How long a conversation with a program that is started for it takes to its first reply.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::SMALL;
use crate::process::Running;
use crate::records::{Measure, Records};

/// Between two conversations: the old program ends, and one that is to be ready starts.
const PAUSE: Duration = Duration::from_millis(150);

/// Connects, says something and awaits the reply, `times` times at each of `servers` by turns.
///
/// # Errors
/// When another reply comes, or none.
pub(crate) fn measure(servers: &[Running], times: usize, records: &mut Records) -> Result<()> {
    for _ in 0..times {
        for running in servers {
            let wire = running.wire(SMALL)?;
            std::thread::sleep(PAUSE);
            let began = Instant::now();
            let mut client = running.connect()?;
            client.exchange(&wire).with_context(|| running.subject.to_string())?;
            let took = began.elapsed();
            client.close()?;
            records.add(Measure::TurnStart, running.subject, took.as_secs_f64() * 1e3);
        }
    }
    Ok(())
}
