//! What happens, as typed events, and those who read them: the transcript on stdout, the log and the metrics.

mod address;
mod metrics;
mod transcript;
mod writer;

use std::time::{Duration, SystemTime};

use futures_util::future::BoxFuture;

use crate::door::User;
use crate::ending::Ending;
use crate::queue::JoinError;
use crate::seat::Visitor;
use address::PythonAddress;
pub(crate) use metrics::{Holder, Metrics};
pub use transcript::Transcript;

/// What happens in one session.
#[derive(Debug)]
pub(crate) enum Event<'a> {
    /// The turn began, with this fencing number, so long after joining the queue.
    Turn { fence: u64, waited: Duration },
    /// The peer said something, of which at most so many bytes are shown.
    Message(&'a str, usize),
    /// The peer sent so many bytes that spell no text.
    Binary(usize),
    /// So many bytes of a stream came and were sent, since then.
    Stream { began: SystemTime, came: u64, sent: u64 },
    /// The session ends; once more if the last answers cannot be written.
    Ended(&'a Ending),
    /// The last words were written, or could not be.
    Closed,
}

/// What happens to somebody who has no session.
#[derive(Debug)]
pub(crate) enum QueueEvent<'a> {
    /// It has a place.
    Joined,
    /// It has none.
    Refused(&'a JoinError),
    /// It has none, as its user has as many as may be.
    PerUser(usize),
    /// It has none, as all connections are taken.
    NoSlot,
    /// It left before its turn.
    Left(&'a Ending),
}

/// What happens to a device behind Vez, whoever has the turn.
#[derive(Debug)]
pub(crate) enum DeviceEvent {
    /// It is not there, for this cause, which names it.
    Gone(String),
    /// It is there again.
    Back(String),
}

/// Hands what happens to all who read it; clones share the readers.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    transcript: Transcript,
    /// None where nobody asked for metrics.
    metrics: Option<Metrics>,
}

impl Record {
    pub(crate) fn new(transcript: Transcript, metrics: Option<Metrics>) -> Self {
        Self { transcript, metrics }
    }

    /// Records what happens to somebody who has no session.
    pub(crate) fn queue(&self, visitor: &Visitor, event: &QueueEvent<'_>) {
        let (number, peer, transport) = (visitor.number, visitor.peer, visitor.transport);
        match event {
            QueueEvent::Joined => {
                let user = visitor.user.as_ref().map(User::name);
                tracing::debug!(visitor = number, %peer, %transport, user, "joined the queue");
            }
            QueueEvent::Refused(error) => tracing::info!(%peer, %error, "turned away"),
            QueueEvent::PerUser(most) => {
                let user = visitor.user.as_ref().map(User::name);
                tracing::info!(%peer, user, "turned away: the user has {most} seats, as many as may be (--per-user)");
            }
            QueueEvent::NoSlot => tracing::info!(%peer, "turned away: all connections are taken"),
            QueueEvent::Left(ending) => tracing::debug!(visitor = number, ?ending, "left the queue"),
        }
        self.metrics.iter().for_each(|metrics| metrics.queue(event));
    }
}

/// The record of one session.
#[derive(Clone, Debug)]
pub(crate) struct Journal {
    record: Record,
    visitor: Visitor,
    /// The peer's address as the transcript shows it, with its name if it has one.
    peer: String,
}

impl Journal {
    pub(crate) fn new(record: &Record, visitor: &Visitor) -> Self {
        Self {
            record: record.clone(),
            visitor: visitor.clone(),
            peer: match &visitor.user {
                Some(user) => format!("{} {}", PythonAddress(visitor.peer), user.name().escape_debug()),
                None => PythonAddress(visitor.peer).to_string(),
            },
        }
    }

    /// Records an event; false when the conversation should wait for [room](Self::room).
    pub(crate) fn record(&self, event: &Event<'_>) -> bool {
        self.log(event);
        if let Some(metrics) = &self.record.metrics {
            metrics.session(&self.visitor, event);
        }
        self.record.transcript.session(&self.peer, event)
    }

    /// Waits until the transcript has room, or its output has stood still for a second.
    pub(crate) fn room(&self) -> BoxFuture<'static, ()> {
        Box::pin(self.record.transcript.room())
    }

    fn log(&self, event: &Event<'_>) {
        let session = self.visitor.number;
        match event {
            Event::Turn { fence, .. } => {
                tracing::debug!(session, peer = self.peer, fence, "the turn began");
            }
            Event::Ended(ending) => tracing::debug!(session, ?ending, "the session ends"),
            Event::Closed => tracing::debug!(session, "the session is over"),
            Event::Message(..) | Event::Binary(_) | Event::Stream { .. } => {}
        }
    }
}
