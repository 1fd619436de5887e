//! Raw TCP: the report's protocol.

mod parked;
mod transport;

use std::net::SocketAddr;
use std::sync::Arc;

use futures_util::future::Either;
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;

use crate::admission::{Admission, Denied};
use crate::context::Context;
use crate::session::{self, Ending};
use parked::{Parked, Waited};
use transport::TcpTransport;
pub(crate) use transport::linger;

/// Serves one accepted connection: waits for its turn, then holds the conversation.
pub(crate) fn serve(
    stream: TcpStream,
    peer: SocketAddr,
    admission: Result<Admission, Denied>,
    permit: OwnedSemaphorePermit,
    context: Arc<Context>,
) -> impl Future<Output = ()> {
    match admission {
        Ok(admission) => Either::Left(wait_and_hold(stream, peer, admission, permit, context)),
        Err(error) => {
            tracing::info!(%peer, %error, "turned away");
            Either::Right(Box::pin(async move {
                let _permit = permit;
                dismiss(stream, &error.ending(), &context).await;
            }))
        }
    }
}

/// Waits for the turn, and holds it.
///
/// Thousands may wait, so that their futures are small: this is no `async fn`, which would hold its arguments
/// twice, and all but the waiting is boxed.
fn wait_and_hold(
    stream: TcpStream,
    peer: SocketAddr,
    Admission { mut ticket, visit }: Admission,
    permit: OwnedSemaphorePermit,
    context: Arc<Context>,
) -> impl Future<Output = ()> {
    tracing::debug!(%peer, position = ticket.position(), "joined the queue");
    let mut parked = Parked::new(stream);
    async move {
        let waited = parked.wait(&mut ticket, &context.shutdown).await;
        drop(visit);
        match (waited, parked.into_stream()) {
            (Waited::Left, _) => tracing::debug!(%peer, "left the queue"),
            (_, Err(error)) => tracing::error!(%peer, %error, "could not take up a waiting connection"),
            (Waited::Turn, Ok(stream)) => {
                let turn = ticket.turn().await;
                let transport = TcpTransport::new(stream, &context.config);
                Box::pin(session::hold(transport, turn, peer, &context)).await;
            }
            (Waited::Shutdown, Ok(stream)) => {
                drop(ticket);
                Box::pin(dismiss(stream, &Ending::Shutdown, &context)).await;
            }
        }
        drop(permit);
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
