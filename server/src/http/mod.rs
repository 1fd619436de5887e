//! HTTP: the page, the WebSocket handshake, the health check, and what operators watch.

mod health;
mod metrics;
mod page;
mod sign_in;
mod upgrade;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{Request, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::server::TlsStream;
use tokio_util::either::Either;
use tower_service::Service;

use crate::door::{Guard, Refused, SignIn, Slot, Tls};
use crate::queue::Queue;
use crate::responder::Backend;
use crate::session::Shutdown;
use crate::units::{interval, size_within};
pub(crate) use metrics::operator_routes;
pub(crate) use upgrade::Upgrades;

/// How long a request may take, and how large it may be.
#[derive(Clone, Debug, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "HTTP")]
pub struct Settings {
    /// Waits so long for the header of an HTTP request
    #[arg(long, env = "VEZ_HEADER_TIME", value_name = "TIME", default_value = "10s", value_parser = interval)]
    pub header_time: Duration,

    /// The largest header of an HTTP request, at least 8KiB
    #[arg(long, env = "VEZ_HEADER_SIZE", value_name = "SIZE", default_value = "16KiB", value_parser = header_size)]
    pub header_size: usize,
}

/// How long a connection may take to finish its request when the server ends.
const LAST_REQUEST: Duration = Duration::from_millis(100);

fn header_size(text: &str) -> Result<usize, String> {
    size_within(text, 8 * 1024..=1024 * 1024)
}

/// The peer of the connection that a request came over.
#[derive(Clone, Debug)]
struct Peer {
    address: SocketAddr,
    /// Kept for as long as the connection is open, also as a WebSocket.
    slot: Arc<Slot>,
}

/// Serves HTTP connections.
#[derive(Debug)]
pub(crate) struct Http {
    router: Router,
    tls: Option<Arc<Tls>>,
    settings: Settings,
    shutdown: Shutdown,
}

/// What carries HTTP: TCP, bare or under TLS.
pub(crate) type Stream = Either<TcpStream, Box<TlsStream<TcpStream>>>;

impl Http {
    pub(crate) fn new(settings: Settings, router: Router, tls: Option<Arc<Tls>>, shutdown: Shutdown) -> Self {
        Self { router, tls, settings, shutdown }
    }

    /// Serves one accepted connection, after its TLS handshake if it has one.
    pub(crate) async fn serve(self: Arc<Self>, stream: TcpStream, address: SocketAddr, slot: Slot) {
        let peer = Peer { address, slot: Arc::new(slot) };
        let Some(tls) = &self.tls else { return self.serve_requests(Either::Left(stream), peer).await };
        let handshake = timeout(self.settings.header_time, tls.acceptor().accept(stream));
        tokio::select! {
            shaken = handshake => match shaken {
                Ok(Ok(stream)) => self.serve_requests(Either::Right(Box::new(stream)), peer).await,
                Ok(Err(error)) => tracing::debug!(%address, %error, "the TLS handshake failed"),
                Err(_) => tracing::debug!(%address, "the TLS handshake took too long"),
            },
            () = self.shutdown.told() => {}
        }
    }

    /// Serves the requests of one connection, until one of them makes it a WebSocket.
    async fn serve_requests(&self, stream: Stream, peer: Peer) {
        let address = peer.address;
        let router = self.router.clone();
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(peer.clone());
            router.clone().call(request.map(Body::new))
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.settings.header_time)
            .max_buf_size(self.settings.header_size)
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades();
        let mut connection = std::pin::pin!(connection);
        let served = tokio::select! {
            served = connection.as_mut() => served,
            () = self.shutdown.told() => {
                connection.as_mut().graceful_shutdown();
                // A request that is here is answered at once; half of one is not waited for.
                timeout(LAST_REQUEST, connection).await.unwrap_or(Ok(()))
            }
        };
        if let Err(error) = served {
            tracing::debug!(%address, %error, "the HTTP connection failed");
        }
    }
}

/// The routes for visitors, for the hosts that the guard of `upgrades` lets in.
pub(crate) fn visitor_routes(
    health: (Queue, Backend),
    upgrades: Arc<Upgrades>,
    sign_in: Option<Arc<SignIn>>,
) -> Router {
    let guard = Arc::clone(&upgrades.guard);
    let mut router = Router::new()
        .route("/", get(upgrade::root))
        .route("/ws", get(upgrade::websocket))
        .with_state(upgrades)
        .route("/healthz", get(health::healthz).with_state(health.clone()))
        .route("/readyz", get(health::readyz).with_state(health))
        .fallback(page::file);
    if let Some(sign_in) = sign_in {
        let both = (Arc::clone(&sign_in), Arc::clone(&guard));
        router = router
            .route(sign_in::SIGN_IN, get(sign_in::show).post(sign_in::enter).with_state(both.clone()))
            .route(sign_in::SIGN_OUT, post(sign_in::leave).with_state(both))
            .route(sign_in::ACCOUNT, get(sign_in::account).with_state(Arc::clone(&sign_in)))
            .route("/entrar.css", get(sign_in::style))
            .layer(middleware::from_fn_with_state(sign_in, sign_in::ask));
    }
    guarded(router, guard)
}

/// Has `guard` stand before every route.
fn guarded(router: Router, guard: Arc<Guard>) -> Router {
    router.layer(middleware::from_fn_with_state(guard, check_host))
}

/// Refuses requests for a host that the server does not go by.
async fn check_host(State(guard): State<Arc<Guard>>, request: Request<Body>, next: Next) -> Response {
    match guard.check_host(request.uri(), request.headers()) {
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
