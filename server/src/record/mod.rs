//! What happens, as typed events, and those who read them: the transcript on stdout and the log.

mod address;
mod transcript;
mod writer;

use std::net::SocketAddr;
use std::time::SystemTime;

use futures_util::future::BoxFuture;

use crate::ending::Ending;
use address::PythonAddress;
pub use transcript::Transcript;

/// What happens in one session.
#[derive(Debug)]
pub(crate) enum Event<'a> {
    /// The turn began, with this fencing number.
    Turn(u64),
    /// The peer said something, of which at most so many bytes are shown.
    Message(&'a str, usize),
    /// The peer sent so many bytes that spell no text.
    Binary(usize),
    /// So many bytes of a stream came and were sent, since then.
    Stream { began: SystemTime, came: u64, sent: u64 },
    /// The session ends.
    Ended(&'a Ending),
    /// The last words were written, or could not be.
    Closed,
}

/// What happens to a device behind Vez, whoever has the turn.
#[derive(Debug)]
pub(crate) enum DeviceEvent {
    /// It is not there, for this cause, which names it.
    Gone(String),
    /// It is there again.
    Back(String),
}

/// The record of one session.
#[derive(Clone, Debug)]
pub(crate) struct Journal {
    transcript: Transcript,
    /// The session's number in the log.
    number: u64,
    /// The peer's address as the transcript shows it.
    peer: String,
}

impl Journal {
    pub(crate) fn new(transcript: &Transcript, number: u64, peer: SocketAddr) -> Self {
        Self { transcript: transcript.clone(), number, peer: PythonAddress(peer).to_string() }
    }

    /// Records an event; false when the conversation should wait for [room](Self::room).
    pub(crate) fn record(&self, event: &Event<'_>) -> bool {
        self.log(event);
        self.transcript.session(&self.peer, event)
    }

    /// Waits until the transcript has room, or its output has stood still for a second.
    pub(crate) fn room(&self) -> BoxFuture<'static, ()> {
        Box::pin(self.transcript.room())
    }

    fn log(&self, event: &Event<'_>) {
        let session = self.number;
        match event {
            Event::Turn(fence) => tracing::debug!(session, peer = self.peer, fence, "the turn began"),
            Event::Ended(ending) => tracing::debug!(session, ?ending, "the session ends"),
            Event::Closed => tracing::debug!(session, "the session is over"),
            Event::Message(..) | Event::Binary(_) | Event::Stream { .. } => {}
        }
    }
}
