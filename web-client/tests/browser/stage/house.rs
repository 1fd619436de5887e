//! A server within the test's own process.

use std::net::SocketAddr;

use anyhow::{Context, Result};
use clap::Parser;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};
use vez_server::{Options, Server, Transcript};

use super::{PATIENCE, Terminal};

/// A server on free ports, which ends with it.
pub(crate) struct House {
    tcp: SocketAddr,
    http: SocketAddr,
    running: JoinHandle<()>,
    shutdown: DropGuard,
}

impl House {
    /// Starts a server with these options more than the addresses.
    pub(crate) fn open(options: &[&str]) -> Result<Self> {
        let addresses = ["vez-server", "--tcp=127.0.0.1:0", "--http=127.0.0.1:0"];
        let options = Options::try_parse_from(addresses.iter().chain(options))?;
        let server = Server::bind(options, Transcript::new(std::io::sink())?)?;
        let shutdown = CancellationToken::new();
        Ok(Self {
            tcp: server.tcp_address().context("bound")?,
            http: server.http_address().context("bound")?,
            running: tokio::spawn(server.run(shutdown.clone())),
            shutdown: shutdown.drop_guard(),
        })
    }

    /// Where the page is.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.http)
    }

    /// Where page and WebSockets are served.
    pub(crate) fn http(&self) -> SocketAddr {
        self.http
    }

    /// Joins the queue from a terminal.
    pub(crate) async fn terminal(&self) -> Result<Terminal> {
        Terminal::connect(self.tcp).await
    }

    /// Waits until nobody has the turn.
    pub(crate) async fn until_idle(&self) -> Result<()> {
        let idle = async {
            let mut queue = String::new();
            while !queue.contains(r#""serving":false"#) {
                let mut stream = TcpStream::connect(self.http).await?;
                stream
                    .write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
                    .await?;
                queue.clear();
                stream.read_to_string(&mut queue).await?;
            }
            Ok(())
        };
        tokio::time::timeout(PATIENCE, idle).await.context("the turn does not end")?
    }

    /// Ends the server, with its farewells.
    pub(crate) async fn close(self) {
        drop(self.shutdown);
        self.running.await.expect("the server does not panic");
    }
}
