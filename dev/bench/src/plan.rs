//! How much is measured.

use std::time::Duration;

use crate::options::Options;

/// How much of everything.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// Rounds in which nobody waits.
    pub(crate) rounds: u32,
    /// Rounds in which many wait.
    pub(crate) queue_rounds: u32,
    /// Round trips of each client.
    pub(crate) messages: usize,
    /// Starts of each server in a round.
    pub(crate) starts: usize,
    /// How often in a round servers have sessions and pipelines, so that what else goes on concerns all of them.
    pub(crate) turns: u32,
    /// Of all of a server's turns of a pipeline, or of many sessions.
    pub(crate) duration: Duration,
    /// Bytes of a stream over TCP in each turn; over WebSockets an eighth of them.
    pub(crate) stream: u64,
    /// Gaps between sessions, in all turns.
    pub(crate) gaps: usize,
    /// How many wait.
    pub(crate) crowds: &'static [usize],
}

const FULL: Plan = Plan {
    rounds: 5,
    queue_rounds: 3,
    messages: 20_000,
    starts: 10,
    turns: 5,
    duration: Duration::from_millis(800),
    stream: 1 << 30,
    gaps: 50,
    crowds: &[1_000, 10_000],
};

const QUICK: Plan = Plan {
    rounds: 1,
    queue_rounds: 1,
    messages: 2_000,
    starts: 2,
    turns: 2,
    duration: Duration::from_millis(200),
    stream: 1 << 26,
    gaps: 10,
    crowds: &[100, 1_000],
};

impl Plan {
    /// What the options ask for.
    pub(crate) fn new(options: &Options) -> Self {
        let mut plan = if options.quick { QUICK } else { FULL };
        if let Some(rounds) = options.rounds {
            (plan.rounds, plan.queue_rounds) = (rounds, rounds);
        }
        plan
    }
}
