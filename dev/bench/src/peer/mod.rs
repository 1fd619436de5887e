//! The servers that Vez is compared with: each does less, one conversation at a time, as the report's.

mod blocking_tcp;
mod fastwebsockets;
mod stream;
mod tokio_tcp;
mod tungstenite;

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::Result;
use vez_protocol::report;

/// The report's server, in its own words.
pub(crate) const REPORT: &str = include_str!("report.py");

/// The longest message that the TCP echoes read at once.
const CHUNK: usize = 64 * 1024;

/// A server that echoes, and closes after `sair`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub(crate) enum Peer {
    /// std's blocking sockets
    BlockingTcp,
    /// tokio's sockets on one thread
    TokioTcp,
    /// tokio-tungstenite on one thread, as it is by default
    Tungstenite,
    /// fastwebsockets on one thread
    Fastwebsockets,
    /// std's blocking sockets, for streams
    Stream,
}

impl Peer {
    /// Its name on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::BlockingTcp => "blocking-tcp",
            Self::TokioTcp => "tokio-tcp",
            Self::Tungstenite => "tungstenite",
            Self::Fastwebsockets => "fastwebsockets",
            Self::Stream => "stream",
        }
    }
}

/// Serves on `port` until killed.
///
/// # Errors
/// When the port cannot be bound.
pub(crate) fn run(peer: Peer, port: u16) -> Result<()> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    match peer {
        Peer::BlockingTcp => blocking_tcp::serve(address),
        Peer::Stream => stream::serve(address),
        Peer::TokioTcp => block_on(tokio_tcp::serve(address)),
        Peer::Tungstenite => block_on(tungstenite::serve(address)),
        Peer::Fastwebsockets => block_on(fastwebsockets::serve(address)),
    }
}

fn block_on(server: impl Future<Output = Result<()>>) -> Result<()> {
    tokio::runtime::Builder::new_current_thread().enable_io().build()?.block_on(server)
}

fn is_leave(message: &[u8]) -> bool {
    message.eq_ignore_ascii_case(report::LEAVE.as_bytes())
}
