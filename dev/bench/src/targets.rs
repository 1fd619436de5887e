//! What Vez must reach.

use crate::between::Between;
use crate::peer::Peer;
use crate::records::{Measure, Records};
use crate::subject::{Subject, Vez};

/// One thing that Vez must reach.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target {
    pub(crate) measure: Measure,
    pub(crate) subject: Subject,
    /// What the value is divided by; without it, it stands for itself.
    pub(crate) reference: Option<(Measure, Subject)>,
    /// The most, or the least where more is better.
    pub(crate) bound: f64,
}

/// How a target was met.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outcome {
    pub(crate) value: f64,
    pub(crate) reference: Option<f64>,
    /// Of the medians.
    pub(crate) ratio: f64,
    /// Of the best rounds.
    pub(crate) best_ratio: f64,
    pub(crate) met: bool,
}

impl Target {
    /// Compares with what was measured; `None` when it was not.
    pub(crate) fn outcome(&self, records: &Records) -> Option<Outcome> {
        let series = records.get(self.measure, self.subject)?;
        let (value, best) = (series.median(), series.best(self.measure));
        let reference = match self.reference {
            Some((measure, subject)) => {
                let series = records.get(measure, subject)?;
                Some((series.median(), series.best(measure)))
            }
            None => None,
        };
        let (ratio, best_ratio) =
            reference.map_or((value, best), |(median, least)| (value / median, best / least));
        let met = if self.measure.more_is_better() { ratio >= self.bound } else { ratio <= self.bound };
        Some(Outcome { value, reference: reference.map(|(median, _)| median), ratio, best_ratio, met })
    }
}

const TCP: Subject = Subject::Vez(Vez::Tcp);
const WEBSOCKET: Subject = Subject::Vez(Vez::WebSocket);
const ECHO: Subject = Subject::Vez(Vez::WebSocketEcho);
const SIGN_IN: Subject = Subject::Vez(Vez::SignIn);
const TOKIO: Subject = Subject::Peer(Peer::TokioTcp);
const RELAY: Subject = Subject::Between(Between::Vez);
const WEBSOCKET_RELAY: Subject = Subject::Between(Between::VezWebSocket);
const HAPROXY: Subject = Subject::Between(Between::Haproxy);
const SOCAT: Subject = Subject::Between(Between::Socat);
const TUNGSTENITE: Subject = Subject::Peer(Peer::Tungstenite);

/// All targets.
pub(crate) const TARGETS: &[Target] = &[
    same(Measure::RoundTripP50, TCP, TOKIO, 1.05),
    same(Measure::CpuPerMessage, TCP, TOKIO, 1.05),
    same(Measure::RoundTripP50, TCP, Subject::Report, 1.0),
    same(Measure::CpuPerMessage, TCP, Subject::Report, 1.0),
    same(Measure::RoundTripP50, WEBSOCKET, TUNGSTENITE, 1.05),
    same(Measure::CpuPerMessage, WEBSOCKET, TUNGSTENITE, 1.05),
    same(Measure::RoundTripP50, WEBSOCKET, Subject::Websocat, 0.5),
    same(Measure::CpuPerMessage, WEBSOCKET, Subject::Websocat, 0.5),
    same(Measure::Pipelined(32), WEBSOCKET, TUNGSTENITE, 3.0),
    same(Measure::Pipelined(32), ECHO, TUNGSTENITE, 3.0),
    same(Measure::Pipelined(16 * 1024), WEBSOCKET, TUNGSTENITE, 1.0),
    same(Measure::Pipelined(16 * 1024), ECHO, TUNGSTENITE, 1.3),
    plain(Measure::Written(32), TCP, 100.0),
    plain(Measure::Written(32), WEBSOCKET, 100.0),
    plain(Measure::Written(60_000), TCP, 100.0),
    plain(Measure::Written(60_000), WEBSOCKET, 100.0),
    same(Measure::Sessions, TCP, TOKIO, 0.9),
    same(Measure::Gap, TCP, TOKIO, 1.1),
    same(Measure::Gap, WEBSOCKET, TUNGSTENITE, 1.1),
    plain(Measure::WaitingMemory(10_000), TCP, 1.5),
    plain(Measure::WaitingMemory(10_000), WEBSOCKET, 5.0),
    plain(Measure::PeakMemory(10_000), WEBSOCKET, 80.0),
    plain(Measure::WaitingCpu(10_000), TCP, 0.01),
    plain(Measure::WaitingCpu(10_000), WEBSOCKET, 0.01),
    versus(Measure::HolderP99(10_000), TCP, Measure::AloneP99(10_000), 1.2),
    versus(Measure::HolderP99(10_000), WEBSOCKET, Measure::AloneP99(10_000), 1.2),
    versus(Measure::FloodedP99, TCP, Measure::UnfloodedP99, 1.3),
    versus(Measure::FloodedP99, WEBSOCKET, Measure::UnfloodedP99, 1.3),
    versus(Measure::FloodedCpu, TCP, Measure::UnfloodedCpu, 1.05),
    versus(Measure::FloodedCpu, WEBSOCKET, Measure::UnfloodedCpu, 1.05),
    versus(Measure::GuessedP99, SIGN_IN, Measure::BesideP99, 1.3),
    plain(Measure::Served(10_000), TCP, 10_000.0),
    plain(Measure::Served(10_000), WEBSOCKET, 10_000.0),
    plain(Measure::StartUp, TCP, 5.0),
    plain(Measure::StartUp, WEBSOCKET, 5.0),
    same(Measure::Relayed, RELAY, SOCAT, 1.0),
    same(Measure::Relayed, RELAY, HAPROXY, 1.0),
    same(Measure::RelayCpu, RELAY, SOCAT, 1.0),
    same(Measure::RelayCpu, RELAY, HAPROXY, 1.0),
    same(Measure::RoundTripP50, RELAY, HAPROXY, 1.0),
    plain(Measure::RelayMemory, RELAY, 32.0),
    same(Measure::Relayed, WEBSOCKET_RELAY, Subject::Between(Between::Websockify), 2.0),
    same(Measure::Relayed, WEBSOCKET_RELAY, Subject::Between(Between::Websocat), 2.0),
    same(Measure::TurnStart, Subject::Between(Between::VezTurn), Subject::Between(Between::Websocketd), 1.0),
    same(Measure::TurnStart, Subject::Between(Between::VezReady), Subject::Between(Between::Websocketd), 1.0),
    versus(Measure::Departure(10_000), WEBSOCKET, Measure::Departure(100), 2.0),
];

const fn same(measure: Measure, subject: Subject, reference: Subject, bound: f64) -> Target {
    Target { measure, subject, reference: Some((measure, reference)), bound }
}

const fn versus(measure: Measure, subject: Subject, reference: Measure, bound: f64) -> Target {
    Target { measure, subject, reference: Some((reference, subject)), bound }
}

const fn plain(measure: Measure, subject: Subject, bound: f64) -> Target {
    Target { measure, subject, reference: None, bound }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_met(target: Target, values: &[(Measure, Subject, f64)]) -> Option<bool> {
        let mut records = Records::default();
        for (measure, subject, value) in values {
            records.add(*measure, *subject, *value);
        }
        target.outcome(&records).map(|outcome| outcome.met)
    }

    #[test]
    fn a_bound_is_the_most_or_the_least() {
        let flood = versus(Measure::FloodedP99, TCP, Measure::UnfloodedP99, 1.3);
        let values = |p99| [(Measure::FloodedP99, TCP, p99), (Measure::UnfloodedP99, TCP, 100.0)];
        assert_eq!(is_met(flood, &values(130.0)), Some(true));
        assert_eq!(is_met(flood, &values(131.0)), Some(false));
        let written = plain(Measure::Written(32), TCP, 100.0);
        assert_eq!(is_met(written, &[(Measure::Written(32), TCP, 100.0)]), Some(true));
        assert_eq!(is_met(written, &[(Measure::Written(32), TCP, 99.9)]), Some(false));
    }

    #[test]
    fn what_was_not_measured_has_no_outcome() {
        let sessions = same(Measure::Sessions, TCP, TOKIO, 0.9);
        assert_eq!(is_met(sessions, &[(Measure::Sessions, TCP, 1.0)]), None);
    }
}
