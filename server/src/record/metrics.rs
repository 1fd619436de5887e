//! Metrics: counts what happens, and shows it as OpenMetrics text.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric};
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use tokio::time::Instant;
use vez_protocol::ByeReason;

use super::{Event, QueueEvent, Transcript};
use crate::ending::Ending;
use crate::queue::{JoinError, Queue};
use crate::seat::{Transport, Visitor};

/// Upper bounds of what waits and turns are sorted into, in seconds: from what nobody notices to two hours.
const SECONDS: [f64; 12] = [0.01, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 1800.0, 3600.0, 7200.0];

/// Reasons for a refusal that are no `bye`'s: all connections are taken, and a browser where raw TCP is spoken.
const CONNECTIONS: &str = "connections";
const HTTP: &str = "http";

/// Why somebody is refused.
const REFUSALS: [&str; 6] = [
    ByeReason::QueueFull.word(),
    ByeReason::PerAddress.word(),
    ByeReason::PerUser.word(),
    ByeReason::Unavailable.word(),
    CONNECTIONS,
    HTTP,
];

/// Counts what happens in one server; clones share the counts.
#[derive(Clone, Debug)]
pub(crate) struct Metrics {
    counts: Arc<Counts>,
    registry: Arc<Registry>,
}

/// Who has the turn.
#[derive(Clone, Debug)]
pub(crate) struct Holder {
    /// The session's number in the log.
    pub(crate) session: u64,
    pub(crate) transport: Transport,
    /// When the turn began.
    pub(crate) since: SystemTime,
    began: Instant,
    /// How the session ends, once it does.
    end: ByeReason,
}

#[derive(Debug)]
struct Counts {
    wait: Histogram,
    turn: Histogram,
    sessions: Family<End, Counter>,
    messages: Counter,
    refused: Family<Refusal, Counter>,
    /// Touched when a turn begins and ends, by no message.
    holder: Mutex<Option<Holder>>,
}

/// How sessions ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct End {
    end: &'static str,
}

/// Why somebody had no place.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Refusal {
    reason: &'static str,
}

impl Metrics {
    pub(crate) fn new(queue: Queue, transcript: Transcript) -> Self {
        let counts = Counts::new();
        let mut registry = Registry::with_prefix("vez");
        registry.register_collector(Box::new(Asked { queue, transcript }));
        counts.register(&mut registry);
        Self { counts: Arc::new(counts), registry: Arc::new(registry) }
    }

    /// All metrics as OpenMetrics text.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        encode(&mut text, &self.registry).expect("writing to a String does not fail");
        text
    }

    /// Who has the turn.
    pub(crate) fn holder(&self) -> Option<Holder> {
        self.counts.holder().clone()
    }

    /// Counts what happens to somebody who has no session.
    pub(super) fn queue(&self, event: &QueueEvent<'_>) {
        let reason = match event {
            QueueEvent::Refused(JoinError::Full(_)) => ByeReason::QueueFull.word(),
            QueueEvent::Refused(JoinError::PerAddress(..)) => ByeReason::PerAddress.word(),
            QueueEvent::PerUser(_) => ByeReason::PerUser.word(),
            QueueEvent::Refused(JoinError::Away) => ByeReason::Unavailable.word(),
            QueueEvent::NoSlot => CONNECTIONS,
            QueueEvent::Left(Ending::Http) => HTTP,
            QueueEvent::Joined | QueueEvent::Left(_) => return,
        };
        self.counts.refused.get_or_create(&Refusal { reason }).inc();
    }

    /// Counts what happens in a session: of a message, by one atomic addition.
    pub(super) fn session(&self, visitor: &Visitor, event: &Event<'_>) {
        let counts = &self.counts;
        match event {
            Event::Message(..) | Event::Binary(_) => {
                counts.messages.inc();
            }
            Event::Turn { waited, .. } => {
                counts.wait.observe(waited.as_secs_f64());
                *counts.holder() = Some(Holder::new(visitor));
            }
            Event::Ended(ending) => {
                let (_, end) = ending.codes();
                counts.holder().iter_mut().for_each(|holder| holder.end = end);
            }
            Event::Closed => counts.close(),
            Event::Stream { .. } => {}
        }
    }
}

impl Holder {
    fn new(visitor: &Visitor) -> Self {
        let (session, transport) = (visitor.number, visitor.transport);
        let (since, began) = (SystemTime::now(), Instant::now());
        Self { session, transport, since, began, end: ByeReason::Error }
    }
}

impl Counts {
    /// Every label is there from the start, so that a rate has its first rise too.
    fn new() -> Self {
        let (sessions, refused) = (Family::default(), Family::default());
        for end in ByeReason::ALL.map(ByeReason::word) {
            drop(sessions.get_or_create(&End { end }));
        }
        for reason in REFUSALS {
            drop(refused.get_or_create(&Refusal { reason }));
        }
        let (wait, turn) = (Histogram::new(SECONDS), Histogram::new(SECONDS));
        Self { wait, turn, sessions, messages: Counter::default(), refused, holder: Mutex::default() }
    }

    fn register(&self, registry: &mut Registry) {
        let mut timed = |name, help, times: &Histogram| {
            registry.register_with_unit(name, help, Unit::Seconds, times.clone());
        };
        timed("wait", "From joining the queue to the turn", &self.wait);
        timed("turn", "From a turn's begin to its last words", &self.turn);
        registry.register("sessions", "Sessions that are over, by how they ended", self.sessions.clone());
        registry.register(
            "messages",
            "Messages that came, those that leave included; no bytes of streams",
            self.messages.clone(),
        );
        registry.register("refused", "Connections that got no place in the queue", self.refused.clone());
    }

    /// The turn is over.
    fn close(&self) {
        let Some(holder) = self.holder().take() else { return };
        self.turn.observe(holder.began.elapsed().as_secs_f64());
        self.sessions.get_or_create(&End { end: holder.end.word() }).inc();
    }

    fn holder(&self) -> MutexGuard<'_, Option<Holder>> {
        // Every critical section leaves the holder whole, even one that panics.
        self.holder.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is asked for whenever the metrics are shown, as others know it already.
#[derive(Debug)]
struct Asked {
    queue: Queue,
    transcript: Transcript,
}

impl Collector for Asked {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        gauge(
            &mut encoder,
            "queue_depth",
            "Who waits for the turn, its holder not counted.",
            self.queue.waiting() as u64,
        )?;
        let lost = self.transcript.lost_lines();
        counter(
            &mut encoder,
            "transcript_lost_lines",
            "Lines that the transcript's output did not take.",
            lost,
        )?;
        let Some(shared) = self.queue.shared_state() else { return Ok(()) };
        let up = u64::from(!shared.valid_for.is_zero());
        gauge(&mut encoder, "etcd_up", "Whether the lease in etcd surely lives.", up)?;
        let valid = ConstGauge::new(shared.valid_for.as_secs_f64());
        let (name, help) = ("etcd_lease_valid", "How long the lease surely lives if it is not renewed.");
        valid.encode(encoder.encode_descriptor(name, help, Some(&Unit::Seconds), valid.metric_type())?)?;
        counter(&mut encoder, "etcd_writes", "Transactions that etcd confirmed.", shared.writes)?;
        counter(&mut encoder, "etcd_events", "Tickets of all servers that came and went.", shared.events)?;
        counter(&mut encoder, "etcd_failures", "How often the connection to etcd failed.", shared.failures)
    }
}

fn gauge(encoder: &mut DescriptorEncoder<'_>, name: &str, help: &str, value: u64) -> fmt::Result {
    let value = ConstGauge::new(value);
    value.encode(encoder.encode_descriptor(name, help, None, value.metric_type())?)
}

fn counter(encoder: &mut DescriptorEncoder<'_>, name: &str, help: &str, value: u64) -> fmt::Result {
    let value = ConstCounter::new(value);
    value.encode(encoder.encode_descriptor(name, help, None, value.metric_type())?)
}
