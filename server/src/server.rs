//! The server: binds, serves, drains.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::door::{self, Acceptor, BindError, Connections, Guard, Proxies, Tls, TlsError};
use crate::http::{Http, Upgrades};
use crate::options::Options;
use crate::platform;
use crate::queue::Queue;
use crate::reception::Reception;
use crate::record::Transcript;
use crate::responder::{Backend, BehindError, DeviceError};
use crate::seat::{Transport, Visitor};
use crate::session::{Sessions, Shutdown};
use crate::transport::tcp::{Port, WaitingTcp};

/// A server whose addresses are bound and that serves once it is [run](Server::run).
#[derive(Debug)]
pub struct Server {
    tcp: Option<TcpListener>,
    http: Option<TcpListener>,
    tls: Option<Arc<Tls>>,
    backend: Backend,
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
        let files = options.access.tls_cert.as_ref().zip(options.access.tls_key.as_ref());
        let tls = files.map(|(certificate, key)| Tls::load(certificate, key)).transpose()?.map(Arc::new);
        let tcp = options.tcp.0.map(door::bind).transpose()?;
        let http = options.http.0.map(door::bind).transpose()?;
        Ok(Self { tcp, http, tls, backend, transcript, options })
    }

    /// Where raw TCP is served.
    pub fn tcp_address(&self) -> Option<SocketAddr> {
        self.tcp.as_ref().and_then(|listener| listener.local_addr().ok())
    }

    /// Where the page and WebSockets are served.
    pub fn http_address(&self) -> Option<SocketAddr> {
        self.http.as_ref().and_then(|listener| listener.local_addr().ok())
    }

    /// Serves until `shutdown` is cancelled, then lets the running conversation drain; every task has ended
    /// when this returns.
    pub async fn run(self, shutdown: CancellationToken) {
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
    }

    /// Puts the parts together and accepts connections; runs until dropped.
    async fn serve(self, tasks: TaskTracker, shutdown: Shutdown) {
        // Before the addresses are told: who knows them may send signals.
        let reloads = reload(self.tls.clone());
        self.announce();
        let page = self.page();
        let Self { tcp, http, tls, backend, transcript, options } = self;
        let queue = Queue::new(options.queue);
        let connections = Connections::new(options.access.connections);
        let proxies = Proxies::new(&options.access);
        let transports = Arc::new(options.connections);
        let leave_word = backend.leave_word().map(Into::into);
        let sessions = Arc::new(Sessions::new(
            options.turns,
            backend.clone(),
            transcript.clone(),
            transports.write_limit,
            shutdown.clone(),
        ));
        let reception = Arc::new(Reception::new(
            queue.clone(),
            sessions,
            connections.clone(),
            Arc::clone(&transports),
            tasks,
        ));
        let bound = options.http.0.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |address| address.ip());
        let guard = Arc::new(Guard::new(bound, &options.access.allow_host, &options.access.allow_origin));
        let upgrades = Arc::new(Upgrades {
            guard: Arc::clone(&guard),
            proxies: proxies.clone(),
            reception: Arc::clone(&reception),
            leave_word,
            time: options.requests.header_time,
        });
        let web = Arc::new(Http::new(
            options.requests,
            guard,
            (queue.clone(), backend.clone()),
            upgrades,
            tls.clone(),
            shutdown,
        ));
        let port = Arc::new(Port::new(Arc::clone(&transports), page.as_deref()));
        let gone = transports.gone;
        tokio::join!(
            serve_tcp(tcp.map(|tcp| Acceptor::new(tcp, gone)), &connections, &reception, &port),
            serve_http(http.map(|http| Acceptor::new(http, gone)), &connections, &proxies, &reception, &web),
            queue.tell_others(),
            backend.keep(&transcript),
            reloads,
        );
    }
}

fn warn_of_network(what: &str, address: SocketAddr, encrypted: bool) {
    if !address.ip().is_loopback() && !encrypted {
        tracing::warn!(%address, "{what} is open to the network and not encrypted; see SECURITY.md");
    }
}

/// Reads the certificate again whenever that is asked for, from the call on; a broken one changes nothing.
fn reload(tls: Option<Arc<Tls>>) -> impl Future<Output = ()> {
    let reload = move || match tls.as_ref().map(|tls| tls.reload()) {
        None => tracing::info!("there is nothing to read again: TLS is off"),
        Some(Ok(())) => tracing::info!("read the TLS certificate again"),
        Some(Err(error)) => {
            tracing::error!(%error, "the new TLS certificate is of no use; the old one stays");
        }
    };
    let reloads = platform::on_reload(reload);
    async {
        match reloads {
            Ok(reloads) => reloads.await,
            Err(error) => tracing::error!(%error, "the TLS certificate will not be read again"),
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
    acceptor: Option<Acceptor>,
    connections: &Connections,
    proxies: &Proxies,
    reception: &Reception,
    web: &Arc<Http>,
) {
    let Some(mut acceptor) = acceptor else { return };
    loop {
        let (stream, peer) = acceptor.accept().await;
        let beside = connections.beside(peer.ip());
        if beside.is_none() && !proxies.trusts(peer.ip()) {
            tracing::debug!(%peer, "has as many idle connections as one address may");
            continue;
        }
        let slot = connections.request().await;
        let serving = Arc::clone(web).serve(stream, peer, slot);
        reception.spawn(async move {
            serving.await;
            drop(beside);
        });
    }
}
