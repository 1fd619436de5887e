//! Who may join the queue.

use std::net::IpAddr;

use crate::context::Context;
use crate::queue::{JoinError, Ticket};
use crate::session::Ending;
use crate::visitors::Visit;

/// A place in the queue, and the count of those who wait from its address.
#[derive(Debug)]
pub(crate) struct Admission {
    pub(crate) ticket: Ticket,
    /// Dropped when the turn comes.
    pub(crate) visit: Option<Visit>,
}

/// Why somebody may not join.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Denied {
    #[error(transparent)]
    Join(#[from] JoinError),
    #[error("as many wait from {0} as may (--per-address)")]
    Crowded(IpAddr),
}

impl Denied {
    /// The refusal as the end of a connection.
    pub(crate) fn ending(&self) -> Ending {
        match self {
            Self::Join(JoinError::Full(_)) => Ending::QueueFull,
            Self::Crowded(_) => Ending::Crowded,
        }
    }
}

/// Joins the queue for a client at `address`.
pub(crate) async fn admit(address: IpAddr, context: &Context) -> Result<Admission, Denied> {
    let visit = match context.config.limits.per_address {
        Some(most) => Some(context.visitors.enter(address, most).ok_or(Denied::Crowded(address))?),
        None => None,
    };
    let ticket = context.queue.join().await?;
    Ok(Admission { ticket, visit })
}
