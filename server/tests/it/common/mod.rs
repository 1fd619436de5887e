//! A server on free ports that ends with its test, and clients that speak to it.

pub(crate) mod behind;
pub(crate) mod binary;
pub(crate) mod client;
#[cfg(all(feature = "etcd", unix))]
pub(crate) mod etcd;
#[cfg(target_os = "linux")]
pub(crate) mod hosts;
pub(crate) mod lines;
pub(crate) mod openmetrics;

use std::net::SocketAddr;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use vez_server::{Options, Server, Transcript};

pub(crate) use client::{Client, Kind, Tcp, WebSocket};
pub(crate) use lines::Lines;

/// Longer than anything awaited here should take on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Fails the test instead of waiting for ever.
pub(crate) async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    match timeout(PATIENCE, future).await {
        Ok(value) => value,
        Err(_) => panic!("waited {PATIENCE:?} for {what}"),
    }
}

/// A server in this process, on free loopback ports.
pub(crate) struct TestServer {
    pub(crate) tcp: SocketAddr,
    pub(crate) http: SocketAddr,
    pub(crate) metrics: Option<SocketAddr>,
    pub(crate) transcript: Lines,
    shutdown: CancellationToken,
    running: JoinHandle<()>,
}

impl TestServer {
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// A server with other options than the standard ones.
    pub(crate) async fn with(configure: impl FnOnce(&mut Options)) -> Self {
        let mut options = Options {
            tcp: "127.0.0.1:0".parse().unwrap(),
            http: "127.0.0.1:0".parse().unwrap(),
            ..Options::default()
        };
        // Who is gone keeps its seat for so long, and others wait for it.
        options.connections.grace = Duration::from_millis(300);
        #[cfg(all(feature = "etcd", unix))]
        etcd::share(&mut options);
        configure(&mut options);
        let transcript = Lines::default();
        let server = Server::bind(options, Transcript::new(transcript.clone()).unwrap()).unwrap();
        let (tcp, http) = (server.tcp_address().unwrap(), server.http_address().unwrap());
        let metrics = server.metrics_address();
        let shutdown = CancellationToken::new();
        let running = tokio::spawn(server.run(shutdown.clone()));
        transcript.wait_for("Página e WebSocket em").await;
        Self { tcp, http, metrics, transcript, shutdown, running }
    }

    pub(crate) async fn connect(&self, kind: Kind) -> Client {
        Client::connect(self, kind).await
    }

    /// Waits until as many wait as should, as `/healthz` says.
    pub(crate) async fn await_waiting(&self, count: usize) {
        within("the queue's length", async {
            while health(self.http).await["waiting"] != count {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }

    /// Asks the server to end.
    pub(crate) fn end(&self) {
        self.shutdown.cancel();
    }

    /// Waits until every task of the server has ended.
    pub(crate) async fn ended(mut self) -> Lines {
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

/// One HTTP request in, the whole response out, as text.
pub(crate) async fn http(address: SocketAddr, request: &str) -> String {
    let mut client = Tcp::connect(address).await;
    client.send(request).await;
    client.rest().await
}

/// Waits until `/readyz` answers with this status.
pub(crate) async fn wait_for_ready(address: SocketAddr, status: u16) {
    let request = format!("GET /readyz HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    let ready = async {
        while !http(address, &request).await.starts_with(&format!("HTTP/1.1 {status} ")) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    within("the queue", ready).await;
}

/// What `/healthz` says.
pub(crate) async fn health(address: SocketAddr) -> serde_json::Value {
    let request = format!("GET /healthz HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    let response = http(address, &request).await;
    let (_, body) = response.split_once("\r\n\r\n").expect("a response has a body");
    serde_json::from_str(body).expect("the health is JSON")
}
