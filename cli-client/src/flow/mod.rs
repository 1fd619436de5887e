//! What passes between the two ends, whatever carries it: the report's lock-step of messages and replies, or a
//! stream of bytes both ways. The server's first words tell which.

mod end;
mod lockstep;
mod stream;

use std::future;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::interrupts::Interrupts;
use crate::transport::{Event, Transport};
use end::End;
pub use end::Outcome;
pub(crate) use lockstep::converse;
pub(crate) use stream::{Options, stream};

/// Longest wait for the server's answer to a wish to leave.
const LEAVE_TIME: Duration = Duration::from_secs(5);

/// Longest wait for an output that stands still, once the user has interrupted.
const LAST_LINES_TIME: Duration = Duration::from_secs(1);

type Step<T> = Result<T, End>;

/// What the server says first.
pub(crate) struct First(Step<Event>);

impl First {
    /// Awaits it.
    pub(crate) async fn receive(transport: &mut impl Transport, interrupts: &mut Interrupts) -> Self {
        loop {
            let first = tokio::select! {
                biased;
                signal = interrupts.recv() => Err(signal.into()),
                event = transport.receive() => event.map_err(End::from),
            };
            // A connection that comes and goes says nothing of the conversation.
            if !matches!(first, Ok(Event::Lost | Event::Back)) {
                return Self(first);
            }
        }
    }

    /// Whether a stream will follow, when the turn comes.
    pub(crate) fn is_of_a_stream(&self) -> bool {
        match &self.0 {
            Ok(Event::Waiting(place)) => place.kind.is_stream(),
            Ok(Event::Turn(turn)) => turn.kind.is_stream(),
            _ => false,
        }
    }
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => future::pending().await,
    }
}
