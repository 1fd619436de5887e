//! How long a server takes to its first answer.

use anyhow::Result;

use crate::options::Options;
use crate::process::Running;
use crate::records::{Measure, Records};
use crate::subject::Subject;
use crate::system::Cpus;

/// Starts each of `subjects` `times` times, by turns, there and back.
///
/// # Errors
/// When one does not start.
pub(crate) fn measure(
    mut subjects: Vec<Subject>,
    times: usize,
    options: &Options,
    cpus: &Cpus,
    records: &mut Records,
) -> Result<()> {
    for _ in 0..times {
        for &subject in &subjects {
            let running = Running::start(subject, options, cpus)?;
            records.add(Measure::StartUp, subject, running.start_up.as_secs_f64() * 1e3);
        }
        subjects.reverse();
    }
    Ok(())
}
