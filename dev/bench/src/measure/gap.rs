//! How long the turn is on its way from one to the next.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::{SMALL, micros, quantile, sorted};
use crate::process::Running;
use crate::records::{Measure, Records};

/// The next client has connected and spoken after so long.
const ARRIVED: Duration = Duration::from_millis(2);

/// Measures from one client's `sair` to the first reply to the next, who has spoken already where the server
/// lets those who wait speak.
///
/// # Errors
/// When an answer is not as it must be.
pub(crate) fn measure(running: &Running, sessions: usize, records: &mut Records) -> Result<()> {
    let wire = running.wire(SMALL)?;
    let mut holder = running.connect()?;
    holder.exchange(&wire)?;
    let mut gaps = Vec::with_capacity(sessions);
    for _ in 0..sessions {
        let (next, gap) = std::thread::scope(|scope| {
            let next = scope.spawn(|| {
                let mut next = running.connect()?;
                next.exchange(&wire)?;
                anyhow::Ok((next, Instant::now()))
            });
            std::thread::sleep(ARRIVED);
            let began = Instant::now();
            holder.say_goodbye(&wire)?;
            let (next, replied) = next.join().ok().context("a client panicked")??;
            anyhow::Ok((next, replied - began))
        })?;
        std::mem::replace(&mut holder, next).read_to_end()?;
        gaps.push(micros(gap));
    }
    records.add(Measure::Gap, running.subject, quantile(&sorted(gaps), 0.5));
    Ok(())
}
