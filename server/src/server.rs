//! The server: binds, serves, drains.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::Config;
use crate::context::Context;
use crate::http::{self, Guard};
use crate::listener::{self, Acceptor, BindError};
use crate::queue::Queue;
use crate::tcp;
use crate::transcript::Transcript;

/// A server whose addresses are bound and that serves once it is [run](Server::run).
#[derive(Debug)]
pub struct Server {
    tcp: Option<TcpListener>,
    http: Option<TcpListener>,
    context: Arc<Context>,
}

impl Server {
    /// Binds the addresses that `config` names.
    ///
    /// # Errors
    /// When one of them cannot be bound.
    pub fn bind(config: Config, transcript: Transcript) -> Result<Self, BindError> {
        transcript.starting();
        let tcp = config.tcp.0.map(listener::bind).transpose()?;
        let http = config.http.0.map(listener::bind).transpose()?;
        let bound = config.http.0.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |address| address.ip());
        let context = Context {
            guard: Guard::new(bound, &config.access.allow_host, &config.access.allow_origin),
            queue: Queue::new(config.limits.queue_length),
            config,
            transcript,
            tasks: TaskTracker::new(),
            shutdown: CancellationToken::new(),
        };
        Ok(Self { tcp, http, context: Arc::new(context) })
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
        let Self { tcp, http, context } = self;
        let serving = async {
            tokio::join!(serve_tcp(tcp, &context), serve_http(http, &context), context.queue.tell_others(),)
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
        if let Some(address) = self.tcp_address() {
            self.context.transcript.listening(address);
        }
        if let Some(address) = self.http_address() {
            self.context.transcript.page(&format!("http://{address}/"));
        }
    }
}

async fn serve_tcp(listener: Option<TcpListener>, context: &Arc<Context>) {
    let Some(listener) = listener else { return };
    let mut acceptor = Acceptor::new(listener);
    loop {
        let (stream, peer) = acceptor.accept(&context.config.times).await;
        // Joined here and not in the connection's task: places go by the order of accepting.
        let joined = context.queue.join().await;
        context.tasks.spawn(tcp::serve(stream, peer, joined, Arc::clone(context)));
    }
}

async fn serve_http(listener: Option<TcpListener>, context: &Arc<Context>) {
    let Some(listener) = listener else { return };
    let mut acceptor = Acceptor::new(listener);
    let router = http::router(Arc::clone(context));
    loop {
        let (stream, peer) = acceptor.accept(&context.config.times).await;
        context.tasks.spawn(http::serve(stream, peer, router.clone(), Arc::clone(context)));
    }
}
