//! WebSockets: plain text for any tool, and `vez.v1`, in which the queue is visible.

mod frames;
mod heartbeat;
mod socket;
mod style;
mod transport;
mod waiting;

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;

use crate::admission::{Admission, Denied};
use crate::context::Context;
use crate::http::Stream;
use crate::session::{self, Ending, Transport};
use frames::Frames;
use socket::Socket;
pub(crate) use style::Style;
use transport::WebSocketTransport;
use waiting::Waited;

/// Serves one WebSocket after its handshake: waits for its turn, then holds the conversation.
///
/// All but the waiting is boxed, so that those who wait do not carry the room for more.
///
/// `early` is what the peer sent behind its handshake.
pub(crate) async fn serve(
    stream: Stream,
    early: Bytes,
    style: Style,
    peer: SocketAddr,
    admission: Result<Admission, Denied>,
    context: Arc<Context>,
) {
    let socket = Socket::new(stream, early, context.config.times.write_limit);
    let frames = Frames::new(socket, style, &context.config).await;
    let mut transport = WebSocketTransport::new(frames, style, &context.config);
    let Admission { ticket, visit } = match admission {
        Ok(admission) => admission,
        Err(error) => {
            tracing::info!(%peer, %error, "turned away");
            return Box::pin(part(transport, &error.ending(), &context)).await;
        }
    };
    tracing::debug!(%peer, position = ticket.position(), "joined the queue");
    let waited = waiting::wait(&mut transport, ticket, &context).await;
    drop(visit);
    match waited {
        Waited::Turn(turn) => {
            transport.expect_much();
            Box::pin(session::hold(transport, turn, peer, &context)).await;
        }
        Waited::Ended(ending) => {
            tracing::debug!(%peer, ?ending, "left the queue");
            Box::pin(part(transport, &ending, &context)).await;
        }
    }
}

/// Ends a connection that never had a turn.
async fn part(mut transport: WebSocketTransport, ending: &Ending, context: &Context) {
    if session::say_goodbye(&mut transport, ending, context).await {
        transport.linger().await;
    }
}
