//! A server on free ports that ends with its test, and clients that speak to it.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses its part")]

pub mod client;
pub mod lines;

use std::net::SocketAddr;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use vez_server::{Config, Server, Transcript};

pub use client::{Client, Kind, Tcp, WebSocket};
use lines::Lines;

/// Longer than anything awaited here should take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Fails the test instead of waiting for ever.
pub async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    match timeout(PATIENCE, future).await {
        Ok(value) => value,
        Err(_) => panic!("waited {PATIENCE:?} for {what}"),
    }
}

/// A server in this process, on free loopback ports.
pub struct TestServer {
    pub tcp: SocketAddr,
    pub http: SocketAddr,
    pub transcript: Lines,
    shutdown: CancellationToken,
    running: JoinHandle<()>,
}

impl TestServer {
    pub async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// A server with other options than the standard ones.
    pub async fn with(configure: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::standard();
        config.tcp = "127.0.0.1:0".parse().unwrap();
        config.http = "127.0.0.1:0".parse().unwrap();
        configure(&mut config);
        let transcript = Lines::default();
        let server = Server::bind(config, Transcript::new(transcript.clone()).unwrap()).unwrap();
        let (tcp, http) = (server.tcp_address().unwrap(), server.http_address().unwrap());
        let shutdown = CancellationToken::new();
        let running = tokio::spawn(server.run(shutdown.clone()));
        transcript.wait_for("Página e WebSocket em").await;
        Self { tcp, http, transcript, shutdown, running }
    }

    pub async fn connect(&self, kind: Kind) -> Client {
        Client::connect(self, kind).await
    }

    /// Asks the server to end.
    pub fn end(&self) {
        self.shutdown.cancel();
    }

    /// Waits until every task of the server has ended.
    pub async fn ended(mut self) -> Lines {
        within("the server's end", &mut self.running).await.unwrap();
        self.transcript.clone()
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.shutdown.cancel();
        self.running.abort();
    }
}
