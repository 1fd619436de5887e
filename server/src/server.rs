//! The server: binds, serves, drains.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::admission;
use crate::config::{Access, Config};
use crate::context::Context;
use crate::http::{self, Guard, Peer};
use crate::listener::{self, Acceptor, BindError};
use crate::platform;
use crate::queue::Queue;
use crate::room::Room;
use crate::tcp;
use crate::tls::{Tls, TlsError};
use crate::transcript::Transcript;
use crate::visitors::Visitors;

/// A server whose addresses are bound and that serves once it is [run](Server::run).
#[derive(Debug)]
pub struct Server {
    tcp: Option<TcpListener>,
    http: Option<TcpListener>,
    context: Arc<Context>,
    room: Room,
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
}

impl Server {
    /// Binds the addresses and reads the files that `config` names.
    ///
    /// # Errors
    /// When an address cannot be bound, or a file is not as it must be.
    pub fn bind(config: Config, transcript: Transcript) -> Result<Self, StartError> {
        transcript.starting();
        let tls = load_tls(&config.access)?;
        let tcp = config.tcp.0.map(listener::bind).transpose()?;
        let http = config.http.0.map(listener::bind).transpose()?;
        let bound = config.http.0.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |address| address.ip());
        let room = Room::new(&config.limits);
        let context = Context {
            guard: Guard::new(bound, &config.access.allow_host, &config.access.allow_origin),
            queue: Queue::new(config.limits.queue_length),
            config,
            transcript,
            tls,
            visitors: Visitors::default(),
            tasks: TaskTracker::new(),
            shutdown: CancellationToken::new(),
        };
        Ok(Self { tcp, http, context: Arc::new(context), room })
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
        self.announce();
        let Self { tcp, http, context, room } = self;
        let serving = async {
            tokio::join!(
                serve_tcp(tcp, &context, &room),
                serve_http(http, &context, &room),
                context.queue.tell_others(),
                reload_tls(&context),
            )
        };
        tokio::select! {
            _ = serving => {}
            () = shutdown.cancelled() => {}
        }
        tracing::info!("ending: the running conversation may drain");
        context.shutdown.cancel();
        context.tasks.close();
        context.tasks.wait().await;
    }

    fn announce(&self) {
        let transcript = &self.context.transcript;
        let scheme = if self.context.tls.is_some() { "https" } else { "http" };
        if let Some(address) = self.tcp_address() {
            transcript.listening(address);
            warn_of_network("raw TCP", address, false);
        }
        if let Some(address) = self.http_address() {
            transcript.page(&format!("{scheme}://{address}/"));
            warn_of_network("HTTP", address, self.context.tls.is_some());
        }
    }
}

fn load_tls(access: &Access) -> Result<Option<Tls>, TlsError> {
    let files = access.tls_cert.as_ref().zip(access.tls_key.as_ref());
    files.map(|(certificate, key)| Tls::load(certificate, key)).transpose()
}

fn warn_of_network(what: &str, address: SocketAddr, encrypted: bool) {
    if !address.ip().is_loopback() && !encrypted {
        tracing::warn!(%address, "{what} is open to the network and not encrypted; see SECURITY.md");
    }
}

/// Reads the certificate again whenever that is asked for; a broken one changes nothing.
async fn reload_tls(context: &Context) {
    let Some(tls) = &context.tls else { return };
    let reload = || match tls.reload() {
        Ok(()) => tracing::info!("read the TLS certificate again"),
        Err(error) => tracing::error!(%error, "the new TLS certificate is of no use; the old one stays"),
    };
    if let Err(error) = platform::on_reload(reload).await {
        tracing::error!(%error, "the TLS certificate will not be read again");
    }
}

async fn serve_tcp(listener: Option<TcpListener>, context: &Arc<Context>, room: &Room) {
    let Some(listener) = listener else { return };
    let mut acceptor = Acceptor::new(listener);
    loop {
        let permit = room.enter().await;
        let (stream, peer) = acceptor.accept(&context.config.times).await;
        // Joined here and not in the connection's task: places go by the order of accepting.
        let admission = admission::admit(peer.ip(), context).await;
        context.tasks.spawn(tcp::serve(stream, peer, admission, permit, Arc::clone(context)));
    }
}

async fn serve_http(listener: Option<TcpListener>, context: &Arc<Context>, room: &Room) {
    let Some(listener) = listener else { return };
    let mut acceptor = Acceptor::new(listener);
    let router = http::router(Arc::clone(context));
    loop {
        let permit = room.enter().await;
        let (stream, peer) = acceptor.accept(&context.config.times).await;
        let peer = Peer { address: peer, permit: Arc::new(permit) };
        context.tasks.spawn(http::serve(stream, peer, router.clone(), Arc::clone(context)));
    }
}
