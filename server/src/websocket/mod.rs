//! WebSockets: plain text for any tool, and `vez.v1`, in which the queue is visible.

mod frames;
mod heartbeat;
mod socket;
mod style;
mod transport;
mod waiting;

use std::net::SocketAddr;
use std::sync::Arc;

use futures_util::future::Either;
use tokio::sync::OwnedSemaphorePermit;

use crate::admission::{Admission, Denied};
use crate::context::Context;
use crate::session::{self, Ending, Transport};
use frames::Frames;
pub(crate) use socket::Socket;
pub(crate) use style::Style;
use transport::WebSocketTransport;
use waiting::Waited;

/// Serves one WebSocket after its handshake: waits for its turn, then holds the conversation.
pub(crate) fn serve(
    socket: Socket,
    style: Style,
    peer: SocketAddr,
    admission: Result<Admission, Denied>,
    permit: Arc<OwnedSemaphorePermit>,
    context: Arc<Context>,
) -> impl Future<Output = ()> {
    let frames = Frames::new(socket, style, &context.config);
    let transport = WebSocketTransport::new(frames, style, &context.config);
    match admission {
        Ok(admission) => Either::Left(wait_and_hold(transport, peer, admission, permit, context)),
        Err(error) => {
            tracing::info!(%peer, %error, "turned away");
            Either::Right(Box::pin(async move {
                let _permit = permit;
                part(transport, &error.ending(), &context).await;
            }))
        }
    }
}

/// Waits for the turn, and holds it.
///
/// Thousands may wait, so that their futures are small: this is no `async fn`, which would hold its arguments
/// twice, and all but the waiting is boxed.
fn wait_and_hold(
    mut transport: WebSocketTransport,
    peer: SocketAddr,
    Admission { mut ticket, visit }: Admission,
    permit: Arc<OwnedSemaphorePermit>,
    context: Arc<Context>,
) -> impl Future<Output = ()> {
    tracing::debug!(%peer, position = ticket.position(), "joined the queue");
    async move {
        let waited = waiting::wait(&mut transport, &mut ticket, &context).await;
        drop(visit);
        match waited {
            Waited::Turn => {
                let turn = ticket.turn().await;
                transport.expect_much();
                Box::pin(session::hold(transport, turn, peer, &context)).await;
            }
            Waited::Ended(ending) => {
                drop(ticket);
                tracing::debug!(%peer, ?ending, "left the queue");
                Box::pin(part(transport, &ending, &context)).await;
            }
        }
        drop(permit);
    }
}

/// Ends a connection that never had a turn.
async fn part(mut transport: WebSocketTransport, ending: &Ending, context: &Context) {
    if session::say_goodbye(&mut transport, ending, context).await {
        transport.linger().await;
    }
}
