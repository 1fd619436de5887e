//! The server: binds, serves, drains.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::door::{
    self, Acceptor, BindError, Connections, Guard, Proxies, SignIn, SignInError, Tls, TlsError, Users,
};
use crate::http::{Http, Upgrades, operator_routes, visitor_routes};
use crate::options::{Listen, Options};
use crate::platform;
use crate::queue::{self, Queue};
use crate::reception::Reception;
use crate::record::{Metrics, Record, Transcript};
use crate::responder::{Backend, BehindError, DeviceError};
use crate::seat::{Transport, Visitor};
use crate::session::{Sessions, Shutdown};
use crate::transport::tcp::{Port, WaitingTcp};
use crate::transport::websocket::Seats;

/// A server whose addresses are bound and that serves once it is [run](Server::run).
#[derive(Debug)]
pub struct Server {
    tcp: Option<TcpListener>,
    http: Option<TcpListener>,
    metrics: Option<TcpListener>,
    tls: Option<Arc<Tls>>,
    sign_in: Option<Arc<SignIn>>,
    backend: Backend,
    queue: Queue,
    transcript: Transcript,
    options: Options,
}

/// Why a server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// An address that cannot be bound.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// Files that make no TLS server.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// Nobody can be asked who they are.
    #[error(transparent)]
    SignIn(#[from] SignInError),
    /// Etcd cannot be reached as it was said.
    #[error(transparent)]
    Queue(#[from] queue::AccessError),
    /// What should answer cannot.
    #[error(transparent)]
    Behind(#[from] BehindError),
    /// A device that cannot be used.
    #[error("{0}; {advice}", advice = .0.advice())]
    Device(#[from] DeviceError),
}

impl Server {
    /// Binds the addresses and reads the files that `options` name.
    ///
    /// # Errors
    /// When an address cannot be bound, or a file is not as it must be.
    pub fn bind(options: Options, transcript: Transcript) -> Result<Self, StartError> {
        transcript.starting();
        options.behind.check()?;
        let backend = Backend::new(options.behind.clone(), options.connections.max_message);
        backend.start()?;
        let queue = Queue::new(options.queue.clone())?;
        let sign_in = SignIn::new(&options.access, options.tcp.0.is_some())?.map(Arc::new);
        let files = options.access.tls_cert.as_ref().zip(options.access.tls_key.as_ref());
        let tls = files.map(|(certificate, key)| Tls::load(certificate, key)).transpose()?.map(Arc::new);
        let tcp = options.tcp.0.map(door::bind).transpose()?;
        let http = options.http.0.map(door::bind).transpose()?;
        let metrics = options.metrics.0.map(door::bind).transpose()?;
        Ok(Self { tcp, http, metrics, tls, sign_in, backend, queue, transcript, options })
    }

    /// Where raw TCP is served.
    pub fn tcp_address(&self) -> Option<SocketAddr> {
        local_address(self.tcp.as_ref())
    }

    /// Where the page and WebSockets are served.
    pub fn http_address(&self) -> Option<SocketAddr> {
        local_address(self.http.as_ref())
    }

    /// Where operators read the metrics.
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        local_address(self.metrics.as_ref())
    }

    /// Serves until `shutdown` is cancelled, then lets the running conversation drain; every task has ended
    /// when this returns.
    pub async fn run(self, shutdown: CancellationToken) {
        let queue = self.queue.clone();
        // The turn is kept until the last conversation is over.
        tokio::select! {
            () = queue.run() => {}
            () = self.serve_and_drain(shutdown) => {}
        }
        queue.close().await;
    }

    async fn serve_and_drain(self, shutdown: CancellationToken) {
        let (tasks, end) = (TaskTracker::new(), Shutdown::default());
        let (drain, linger) = (self.options.turns.drain, self.options.turns.linger);
        tokio::select! {
            () = self.serve(tasks.clone(), end.clone()) => {}
            () = shutdown.cancelled() => {}
        }
        tracing::info!("ending: the running conversation may drain");
        tasks.close();
        tokio::select! {
            () = tasks.wait() => {}
            () = end.run(drain, linger) => tasks.wait().await,
        }
    }

    /// The page's address, if there is one.
    fn page(&self) -> Option<String> {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        self.http_address().map(|address| format!("{scheme}://{address}/"))
    }

    fn announce(&self) {
        if let Some(address) = self.tcp_address() {
            self.transcript.listening(address);
            warn_of_network("raw TCP", address, false);
        }
        if let (Some(address), Some(page)) = (self.http_address(), self.page()) {
            self.transcript.page(&page);
            warn_of_network("HTTP", address, self.tls.is_some());
        }
        if let Some(address) = self.metrics_address() {
            tracing::info!("metrics at http://{address}/metrics and http://{address}/queue");
            warn_of_network("the metrics' listener", address, false);
        }
    }

    /// Puts the parts together and accepts connections; runs until dropped.
    async fn serve(self, tasks: TaskTracker, shutdown: Shutdown) {
        // Before the addresses are told: who knows them may send signals.
        let reloads = reload(self.tls.clone(), self.sign_in.clone());
        self.announce();
        let page = self.page();
        let Self { tcp, http, metrics, tls, sign_in, backend, queue, transcript, options } = self;
        let guard = |listen| Arc::new(guard(listen, &options.access));
        let operators = metrics.map(|listener| (listener, Metrics::new(queue.clone(), transcript.clone())));
        let counts = operators.as_ref().map(|(_, counts)| counts.clone());
        let record = Record::new(transcript.clone(), counts);
        let connections = Connections::new(options.access.connections);
        let proxies = Proxies::new(&options.access);
        let transports = Arc::new(options.connections);
        let leave_word = backend.leave_word().map(Into::into);
        let sessions = Arc::new(Sessions::new(
            options.turns,
            backend.clone(),
            record.clone(),
            transports.write_limit,
            shutdown.clone(),
        ));
        let reception = Arc::new(Reception::new(
            queue.clone(),
            record,
            sessions,
            connections.clone(),
            Users::new(options.access.per_user),
            Arc::clone(&transports),
            tasks,
        ));
        let upgrades = Arc::new(Upgrades {
            guard: guard(options.http),
            proxies: proxies.clone(),
            reception: Arc::clone(&reception),
            leave_word,
            seats: Seats::new(transports.grace, shutdown.clone()),
            time: options.requests.header_time,
        });
        let port = Arc::new(Port::new(Arc::clone(&transports), page.as_deref()));
        let gone = transports.gone;
        let visitors = visitor_routes((queue.clone(), backend.clone()), upgrades, sign_in);
        let web = Http::new(options.requests.clone(), visitors, tls, shutdown.clone());
        let web = http.map(|listener| (Acceptor::new(listener, gone), Arc::new(web)));
        let watch = operators.map(|(listener, counts)| {
            let routes = operator_routes(guard(options.metrics), counts, queue.clone());
            let http = Http::new(options.requests, routes, None, shutdown);
            (Acceptor::new(listener, gone), Arc::new(http))
        });
        tokio::join!(
            serve_tcp(tcp.map(|tcp| Acceptor::new(tcp, gone)), &connections, &reception, &port),
            serve_http(web, &connections, &proxies, &reception),
            serve_http(watch, &connections, &proxies, &reception),
            backend.keep(&transcript),
            reloads,
        );
    }
}

fn local_address(listener: Option<&TcpListener>) -> Option<SocketAddr> {
    listener.and_then(|listener| listener.local_addr().ok())
}

/// Who may speak HTTP to what `listen` binds.
fn guard(listen: Listen, access: &door::Settings) -> Guard {
    let bound = listen.0.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |address| address.ip());
    Guard::new(bound, &access.allow_host, &access.allow_origin)
}

fn warn_of_network(what: &str, address: SocketAddr, encrypted: bool) {
    if !address.ip().is_loopback() && !encrypted {
        tracing::warn!(%address, "{what} is open to the network and not encrypted; see SECURITY.md");
    }
}

/// Reads the certificate, and who may come in, again whenever that is asked for, from the call on; a broken one changes
/// nothing.
fn reload(tls: Option<Arc<Tls>>, sign_in: Option<Arc<SignIn>>) -> impl Future<Output = ()> {
    let reload = move || {
        if tls.is_none() && sign_in.is_none() {
            tracing::info!("there is nothing to read again: TLS and sign-in are off");
        }
        match tls.as_ref().map(|tls| tls.reload()) {
            None => {}
            Some(Ok(())) => tracing::info!("read the TLS certificate again"),
            Some(Err(error)) => {
                tracing::error!(%error, "the new TLS certificate is of no use; the old one stays");
            }
        }
        match sign_in.as_ref().map(|sign_in| sign_in.reload()) {
            None => {}
            Some(Ok(())) => tracing::info!("read again who may come in"),
            Some(Err(error)) => tracing::error!(%error, "who may come in is as before"),
        }
    };
    let reloads = platform::on_reload(reload);
    async {
        match reloads {
            Ok(reloads) => reloads.await,
            Err(error) => tracing::error!(%error, "nothing will be read again"),
        }
    }
}

async fn serve_tcp(
    acceptor: Option<Acceptor>,
    connections: &Connections,
    reception: &Arc<Reception>,
    port: &Arc<Port>,
) {
    let Some(mut acceptor) = acceptor else { return };
    loop {
        let (stream, peer) = acceptor.accept().await;
        let slot = connections.visitor().await;
        // Joined here and not in the connection's task: places go by the order of accepting.
        let admission = reception.join(Visitor::new(peer, Transport::Tcp), peer.ip());
        let waiting = WaitingTcp::new(stream, Arc::clone(port));
        reception.spawn(Arc::clone(reception).attend(waiting, admission, slot));
    }
}

async fn serve_http(
    served: Option<(Acceptor, Arc<Http>)>,
    connections: &Connections,
    proxies: &Proxies,
    reception: &Reception,
) {
    let Some((mut acceptor, http)) = served else { return };
    loop {
        let (stream, peer) = acceptor.accept().await;
        let beside = connections.beside(peer.ip());
        if beside.is_none() && !proxies.trusts(peer.ip()) {
            tracing::debug!(%peer, "has as many idle connections as one address may");
            continue;
        }
        let slot = connections.request().await;
        let serving = Arc::clone(&http).serve(stream, peer, slot);
        reception.spawn(async move {
            serving.await;
            drop(beside);
        });
    }
}
