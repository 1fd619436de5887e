//! What a peer has said, which outlives the connection over which it was said.

use std::collections::VecDeque;

use crate::session::Incoming;

/// What was said and is still to be heard, and how far it is known to have arrived.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// What was said before it could be heard, the oldest first.
    kept: VecDeque<Incoming>,
    /// Bytes of the messages that are kept.
    bytes: usize,
    /// What the peer calls the last message that arrived.
    pub(super) last_id: Option<u64>,
    /// How many bytes of a stream arrived.
    pub(super) streamed: u64,
}

impl Said {
    /// Keeps something until it is heard.
    pub(super) fn keep(&mut self, incoming: Incoming) {
        self.bytes += len(&incoming);
        self.kept.push_back(incoming);
    }

    /// The oldest that is kept.
    pub(super) fn next(&mut self) -> Option<Incoming> {
        let incoming = self.kept.pop_front()?;
        self.bytes -= len(&incoming);
        Some(incoming)
    }

    /// How many are kept.
    pub(super) fn count(&self) -> usize {
        self.kept.len()
    }

    /// How many bytes their messages have.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}

fn len(incoming: &Incoming) -> usize {
    match incoming {
        Incoming::Message(message) => message.len(),
        _ => 0,
    }
}
