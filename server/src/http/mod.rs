//! HTTP: the page, the WebSocket handshake and the health check.

mod page;
mod upgrade;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{Request, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tower_service::Service;

use crate::context::Context;

/// The peer of the connection that a request came over.
#[derive(Clone, Copy, Debug)]
struct Peer(SocketAddr);

/// Everything that is served over HTTP.
pub(crate) fn router(context: Arc<Context>) -> Router {
    Router::new()
        .route("/", get(upgrade::root))
        .route("/ws", get(upgrade::websocket))
        .route("/healthz", get(healthz))
        .fallback(page::file)
        .with_state(context)
}

/// Serves the requests of one connection, until one of them makes it a WebSocket.
pub(crate) async fn serve(stream: TcpStream, peer: SocketAddr, router: Router, context: Arc<Context>) {
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(Peer(peer));
        router.clone().call(request.map(Body::new))
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(context.config.times.header_time)
        .max_buf_size(context.config.limits.header_size)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    let served = tokio::select! {
        served = connection.as_mut() => served,
        () = context.shutdown.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = served {
        tracing::debug!(%peer, %error, "the HTTP connection failed");
    }
}

/// Says how the queue is, for load balancers and people.
async fn healthz(State(context): State<Arc<Context>>) -> Response {
    let (waiting, capacity) = (context.queue.waiting(), context.config.limits.queue_length);
    let taken = context.queue.is_taken();
    let full = taken && waiting >= capacity;
    let status = if full { "full" } else { "ok" };
    let json =
        format!(r#"{{"status":"{status}","serving":{taken},"waiting":{waiting},"capacity":{capacity}}}"#);
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    (headers, json).into_response()
}
