//! The measures, each on a server that runs.

pub(crate) mod departures;
pub(crate) mod flood;
pub(crate) mod gap;
pub(crate) mod guesses;
pub(crate) mod pipeline;
pub(crate) mod relay;
pub(crate) mod round_trip;
pub(crate) mod sessions;
pub(crate) mod start_up;
pub(crate) mod turn_start;
pub(crate) mod waiting;

use std::time::Duration;

/// The bytes of a message where its size does not matter.
const SMALL: usize = 32;

/// What the kernel and the server have under way is done after so long.
const SETTLE: Duration = Duration::from_millis(100);

/// The value below which `share` of `sorted` lies.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let index = (sorted.len() as f64 * share) as usize;
    sorted.get(index.min(sorted.len().saturating_sub(1))).copied().unwrap_or(f64::NAN)
}

fn sorted(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_unstable_by(f64::total_cmp);
    values
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
