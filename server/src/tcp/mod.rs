//! Raw TCP: the report's protocol.

mod parked;
mod transport;

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpStream;

use crate::context::Context;
use crate::queue::{JoinError, Ticket};
use crate::session::{self, Ending};
use parked::{Parked, Unparked};
use transport::TcpTransport;
pub(crate) use transport::linger;

/// Serves one accepted connection: waits for its turn, then holds the conversation.
pub(crate) async fn serve(
    stream: TcpStream,
    peer: SocketAddr,
    joined: Result<Ticket, JoinError>,
    context: Arc<Context>,
) {
    let ticket = match joined {
        Ok(ticket) => ticket,
        Err(error) => {
            tracing::info!(%peer, %error, "turned away");
            return dismiss(stream, &Ending::QueueFull, &context).await;
        }
    };
    tracing::debug!(%peer, position = ticket.position(), "joined the queue");
    match Parked::new(stream).wait(ticket, &context.shutdown).await {
        Unparked::Turn(stream, turn) => {
            // Boxed, so that those who wait do not carry the room for a conversation.
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
    // A fresh connection has room for a line; one that has not is past caring.
    if stream.writable().await.is_ok() && stream.try_write(line.as_bytes()).is_ok() {
        linger(stream, context.config.times.linger).await;
    }
}
