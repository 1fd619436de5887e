//! A WebSocket that waits for its turn.

use vez_protocol::{LineEnding, ServerEvent, report};

use super::transport::WebSocketTransport;
use crate::context::Context;
use crate::queue::Ticket;
use crate::session::{Ending, Failure};

/// How waiting ended.
pub(super) enum Waited {
    /// The turn came.
    Turn,
    /// The connection ends before its turn.
    Ended(Ending),
}

/// Waits for the turn: tells a `vez.v1` peer its place, keeps what it says, notices when it leaves.
pub(super) async fn wait(
    transport: &mut WebSocketTransport,
    ticket: &mut Ticket,
    context: &Context,
) -> Waited {
    let mut position = ticket.report();
    let mut ended = false;
    while position > 0 {
        if let Err(failure) = tell_place(transport, ticket, position) {
            return Waited::Ended(Ending::Failure(failure));
        }
        tokio::select! {
            biased;
            moved = ticket.moved() => position = moved,
            ending = watch(transport, &mut ended, context) => return Waited::Ended(ending),
            () = context.shutdown.cancelled() => return Waited::Ended(Ending::Shutdown),
        }
    }
    Waited::Turn
}

fn tell_place(transport: &mut WebSocketTransport, ticket: &Ticket, position: usize) -> Result<(), Failure> {
    if !transport.speaks_events() {
        return Ok(());
    }
    let estimate_seconds = ticket.estimate().map(|estimate| estimate.as_secs());
    transport.tell(&ServerEvent::Waiting { position, ahead: Some(position), estimate_seconds })
}

/// Keeps what the peer says until it leaves; cancel safe.
///
/// `ended` remembers the end of input of a peer that can still be answered: it keeps its place.
async fn watch(transport: &mut WebSocketTransport, ended: &mut bool, context: &Context) -> Ending {
    loop {
        if *ended || transport.is_full(&context.config.limits) {
            return Ending::Failure(transport.hold_off().await);
        }
        match transport.hear().await {
            Ok(Some(message)) => {
                let leaves = message.as_text().is_ok_and(report::is_leave);
                if leaves && transport.speaks_events() && transport.has_kept_nothing() {
                    return Ending::Farewell(LineEnding::None);
                }
                transport.keep(message);
            }
            Ok(None) if transport.is_closed() || transport.has_kept_nothing() => return Ending::Left,
            Ok(None) => *ended = true,
            Err(failure) => return Ending::Failure(failure),
        }
    }
}
