//! Raw TCP: the report's protocol.

mod parked;
mod transport;

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;

use crate::admission::{Admission, Denied};
use crate::context::Context;
use crate::session::{self, Ending};
use parked::{Parked, Unparked};
use transport::TcpTransport;
pub(crate) use transport::linger;

/// Serves one accepted connection: waits for its turn, then holds the conversation.
///
/// All but the waiting is boxed, so that those who wait do not carry the room for more.
pub(crate) async fn serve(
    stream: TcpStream,
    peer: SocketAddr,
    admission: Result<Admission, Denied>,
    _permit: OwnedSemaphorePermit,
    context: Arc<Context>,
) {
    let Admission { ticket, visit } = match admission {
        Ok(admission) => admission,
        Err(error) => {
            tracing::info!(%peer, %error, "turned away");
            return Box::pin(dismiss(stream, &error.ending(), &context)).await;
        }
    };
    tracing::debug!(%peer, position = ticket.position(), "joined the queue");
    let unparked = Parked::new(stream).wait(ticket, &context.shutdown).await;
    drop(visit);
    match unparked {
        Unparked::Turn(stream, turn) => {
            let transport = TcpTransport::new(stream, &context.config);
            Box::pin(session::hold(transport, turn, peer, &context)).await;
        }
        Unparked::Left => tracing::debug!(%peer, "left the queue"),
        Unparked::Shutdown(stream) => {
            Box::pin(dismiss(stream, &Ending::Shutdown, &context)).await;
        }
    }
}

/// Ends a connection that never had a turn, with a line that says why.
async fn dismiss(stream: TcpStream, ending: &Ending, context: &Context) {
    let line = format!("{}\n", ending.text());
    let limit = context.config.times.linger;
    // A connection that nothing was written to has room for a line; one that has not is past caring.
    let writable = tokio::time::timeout(limit, stream.writable()).await;
    if writable.is_ok_and(|writable| writable.is_ok()) && stream.try_write(line.as_bytes()).is_ok() {
        linger(stream, limit).await;
    }
}
