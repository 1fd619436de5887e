//! What was measured, round by round.

use std::collections::BTreeMap;
use std::fmt;

use crate::losses::Losses;
use crate::subject::Subject;

/// Something that is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Measure {
    /// Half of the round trips of 32 bytes are shorter.
    RoundTripP50,
    /// One in a hundred round trips of 32 bytes is longer.
    RoundTripP99,
    /// The server's CPU time for each message of 32 bytes.
    CpuPerMessage,
    /// Messages of so many bytes per second, 64 in flight.
    Pipelined(usize),
    /// Transcript lines of messages answered, pipelined with so many bytes.
    Written(usize),
    /// Sessions per second of 8 clients: connect, one message, `sair`.
    Sessions,
    /// From one client's `sair` to the next one's first reply.
    Gap,
    /// From the start of the process to its first answer.
    StartUp,
    /// Resident memory for each of so many who wait.
    WaitingMemory(usize),
    /// Peak resident memory while so many wait and are then served.
    PeakMemory(usize),
    /// The server's CPU time in a second in which so many wait.
    WaitingCpu(usize),
    /// Time until so many are admitted.
    AdmissionTime(usize),
    /// The server's CPU time to admit one of so many.
    AdmissionCpu(usize),
    /// Time until so many were served.
    ServingTime(usize),
    /// The server's CPU time to serve one of so many.
    ServingCpu(usize),
    /// How many of so many were served, in order.
    Served(usize),
    /// The holder's `RoundTripP99` while so many wait.
    HolderP99(usize),
    /// The same of a server at which nobody waits, in turn with the other.
    AloneP99(usize),
    /// The holder's `RoundTripP99` while ten wait and send without end.
    FloodedP99,
    /// The same while ten wait and send nothing, in turn with the other.
    UnfloodedP99,
    /// The server's CPU time for each of the holder's messages while ten wait and send without end.
    FloodedCpu,
    /// The same while ten wait and send nothing, in the same time.
    UnfloodedCpu,
    /// The holder's `RoundTripP99` while two hundred wrong passwords come in a second, from everywhere.
    GuessedP99,
    /// The same of another server in the same time, in turn with it.
    BesideP99,
    /// The same before and after them.
    UnguessedP99,
    /// How many of the wrong passwords were compared with the right one, and not turned away unseen.
    Checked,
    /// Bytes of a stream that went to an echo and came back, per second, both ways at once.
    Relayed,
    /// The CPU time of what is between, for each GiB that went and came back.
    RelayCpu,
    /// Peak resident memory of what is between.
    RelayMemory,
    /// From connecting to the first reply of a program that is started for the conversation.
    TurnStart,
    /// The server's CPU time when one leaves and so many wait, news of places included.
    Departure(usize),
}

impl Measure {
    /// What its numbers count.
    pub(crate) fn unit(self) -> &'static str {
        match self {
            Self::RoundTripP50 | Self::RoundTripP99 | Self::CpuPerMessage | Self::Gap => "µs",
            Self::AdmissionCpu(_) | Self::ServingCpu(_) | Self::HolderP99(_) | Self::AloneP99(_) => "µs",
            Self::FloodedP99 | Self::UnfloodedP99 | Self::FloodedCpu | Self::UnfloodedCpu => "µs",
            Self::Departure(_) | Self::GuessedP99 | Self::BesideP99 | Self::UnguessedP99 => "µs",
            Self::Relayed => "GB/s",
            Self::RelayCpu => "s",
            Self::TurnStart => "ms",
            Self::Written(_) => "%",
            Self::Pipelined(_) | Self::Sessions | Self::Checked => "/s",
            Self::StartUp | Self::WaitingCpu(_) | Self::AdmissionTime(_) | Self::ServingTime(_) => "ms",
            Self::WaitingMemory(_) => "KB",
            Self::PeakMemory(_) | Self::RelayMemory => "MB",
            Self::Served(_) => "",
        }
    }

    /// Whether more is better.
    pub(crate) fn more_is_better(self) -> bool {
        matches!(
            self,
            Self::Pipelined(_) | Self::Written(_) | Self::Sessions | Self::Served(_) | Self::Relayed
        )
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RoundTripP50 => f.write_str("round trip, p50"),
            Self::RoundTripP99 => f.write_str("round trip, p99"),
            Self::CpuPerMessage => f.write_str("CPU per message"),
            Self::Pipelined(size) => write!(f, "pipelined, {size} bytes"),
            Self::Written(size) => {
                write!(f, "transcript lines of messages answered, pipelined, {size} bytes")
            }
            Self::Sessions => f.write_str("sessions, 8 clients"),
            Self::Gap => f.write_str("gap between sessions"),
            Self::StartUp => f.write_str("start-up to first answer"),
            Self::WaitingMemory(count) => write!(f, "memory for each of {count} who wait"),
            Self::PeakMemory(count) => write!(f, "peak memory with {count} clients"),
            Self::WaitingCpu(count) => write!(f, "CPU in a second while {count} wait"),
            Self::AdmissionTime(count) => write!(f, "time to admit {count}"),
            Self::AdmissionCpu(count) => write!(f, "CPU to admit one of {count}"),
            Self::ServingTime(count) => write!(f, "time to serve {count}"),
            Self::ServingCpu(count) => write!(f, "CPU to serve one of {count}"),
            Self::Served(count) => write!(f, "served in order, of {count}"),
            Self::HolderP99(count) => write!(f, "holder's p99 while {count} wait"),
            Self::AloneP99(count) => write!(f, "holder's p99 alone, in turn with {count}"),
            Self::FloodedP99 => f.write_str("holder's p99 while ten flood"),
            Self::UnfloodedP99 => f.write_str("holder's p99 while ten wait quietly"),
            Self::FloodedCpu => f.write_str("CPU per message while ten flood"),
            Self::UnfloodedCpu => f.write_str("CPU per message while ten wait quietly"),
            Self::GuessedP99 => f.write_str("holder's p99 while 200 passwords are guessed in a second"),
            Self::BesideP99 => f.write_str("another server's holder's p99 meanwhile, in turn"),
            Self::UnguessedP99 => f.write_str("holder's p99 while none is"),
            Self::Checked => f.write_str("wrong passwords that were looked at"),
            Self::Relayed => f.write_str("stream, both ways at once"),
            Self::RelayCpu => f.write_str("CPU per GiB of a stream"),
            Self::RelayMemory => f.write_str("peak memory with a stream"),
            Self::TurnStart => f.write_str("from connecting to a program's first reply"),
            Self::Departure(count) => write!(f, "CPU when one of {count} leaves"),
        }
    }
}

/// One measure of one server over all rounds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Series(Vec<f64>);

impl Series {
    /// The value in the middle.
    pub(crate) fn median(&self) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
    }

    /// The best value.
    pub(crate) fn best(&self, measure: Measure) -> f64 {
        let values = self.0.iter().copied();
        if measure.more_is_better() {
            values.fold(f64::NAN, f64::max)
        } else {
            values.fold(f64::NAN, f64::min)
        }
    }
}

/// All that was measured.
#[derive(Debug, Default)]
pub(crate) struct Records {
    series: BTreeMap<(Measure, Subject), Series>,
    /// What the transcripts lack.
    pub(crate) losses: Losses,
}

impl Records {
    /// Adds one round's value, in the measure's unit.
    pub(crate) fn add(&mut self, measure: Measure, subject: Subject, value: f64) {
        self.series.entry((measure, subject)).or_default().0.push(value);
    }

    /// The values of one measure of one server.
    pub(crate) fn get(&self, measure: Measure, subject: Subject) -> Option<&Series> {
        self.series.get(&(measure, subject))
    }

    /// Everything, by measure.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Measure, Subject, &Series)> {
        self.series.iter().map(|((measure, subject), series)| (*measure, *subject, series))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::subject::Vez;

    const VEZ: Subject = Subject::Vez(Vez::Tcp);

    #[test]
    fn the_median_is_in_the_middle_and_the_best_at_the_better_end() {
        let mut records = Records::default();
        for value in [3.0, 1.0, 2.0] {
            records.add(Measure::Gap, VEZ, value);
            records.add(Measure::Sessions, VEZ, value);
        }
        let both = |measure| records.get(measure, VEZ).map(|series| (series.median(), series.best(measure)));
        assert_eq!(both(Measure::Gap), Some((2.0, 1.0)));
        assert_eq!(both(Measure::Sessions), Some((2.0, 3.0)));
    }
}
