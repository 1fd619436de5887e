//! HTTP: the page, the WebSocket handshake and the health check.

mod guard;
mod page;
mod upgrade;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{Request, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use tokio_rustls::server::TlsStream;
use tokio_util::either::Either;
use tower_service::Service;

use crate::context::Context;
pub(crate) use guard::Guard;
pub use guard::Origin;
use guard::Refused;

/// The peer of the connection that a request came over.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    pub(crate) address: SocketAddr,
    /// Kept for as long as the connection is open, also as a WebSocket.
    pub(crate) permit: Arc<OwnedSemaphorePermit>,
}

/// Everything that is served over HTTP.
pub(crate) fn router(context: Arc<Context>) -> Router {
    Router::new()
        .route("/", get(upgrade::root))
        .route("/ws", get(upgrade::websocket))
        .route("/healthz", get(healthz))
        .fallback(page::file)
        .layer(middleware::from_fn_with_state(Arc::clone(&context), check_host))
        .with_state(context)
}

/// Refuses requests for a host that the server does not go by.
async fn check_host(State(context): State<Arc<Context>>, request: Request<Body>, next: Next) -> Response {
    match context.guard.check_host(request.uri(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(refused) => refuse(&refused),
    }
}

/// Refuses a request, and tells the operator which option would allow it.
fn refuse(refused: &Refused) -> Response {
    tracing::warn!("refused a request: {refused}");
    let status = match refused {
        Refused::MalformedHost => StatusCode::BAD_REQUEST,
        Refused::Host(_) | Refused::Origin(_) => StatusCode::FORBIDDEN,
    };
    (status, format!("Recusado: {refused}.\n")).into_response()
}

/// What carries HTTP: TCP, bare or under TLS.
pub(crate) type Stream = Either<TcpStream, Box<TlsStream<TcpStream>>>;

/// Serves one accepted connection, after its TLS handshake if it has one.
pub(crate) async fn serve(stream: TcpStream, peer: Peer, router: Router, context: Arc<Context>) {
    let Some(tls) = &context.tls else {
        return serve_requests(Either::Left(stream), peer, router, context).await;
    };
    let address = peer.address;
    let handshake = tls.acceptor().accept(stream);
    match tokio::time::timeout(context.config.times.header_time, handshake).await {
        Ok(Ok(stream)) => serve_requests(Either::Right(Box::new(stream)), peer, router, context).await,
        Ok(Err(error)) => tracing::debug!(%address, %error, "the TLS handshake failed"),
        Err(_) => tracing::debug!(%address, "the TLS handshake took too long"),
    }
}

/// Serves the requests of one connection, until one of them makes it a WebSocket.
async fn serve_requests(stream: Stream, peer: Peer, router: Router, context: Arc<Context>) {
    let address = peer.address;
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer.clone());
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
            let rest = tokio::time::timeout(context.config.times.linger, connection).await;
            rest.unwrap_or(Ok(()))
        }
    };
    if let Err(error) = served {
        tracing::debug!(%address, %error, "the HTTP connection failed");
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
