//! What is measured.

use std::fmt;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::options::Options;
use crate::peer::{Peer, REPORT};
use crate::wire::{Answer, Transport};

/// A server that is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Subject {
    /// vez-server over raw TCP.
    VezTcp,
    /// vez-server over a WebSocket.
    VezWebSocket,
    /// vez-server with the echo responder, over a WebSocket.
    VezEcho,
    /// The report's server.
    Report,
    /// websocat in front of the report's server: WebSockets for one at a time, put together from what there is.
    Websocat,
    /// One of the servers that this program is when asked.
    Peer(Peer),
}

impl Subject {
    /// All of them, those next to each other that are compared.
    pub(crate) const ALL: [Self; 9] = [
        Self::Peer(Peer::BlockingTcp),
        Self::Report,
        Self::VezTcp,
        Self::Peer(Peer::TokioTcp),
        Self::VezWebSocket,
        Self::Peer(Peer::Tungstenite),
        Self::Websocat,
        Self::VezEcho,
        Self::Peer(Peer::Fastwebsockets),
    ];

    /// How it is spoken to.
    pub(crate) fn transport(self) -> Transport {
        match self {
            Self::VezTcp | Self::Report | Self::Peer(Peer::BlockingTcp | Peer::TokioTcp) => Transport::Tcp,
            Self::VezWebSocket | Self::VezEcho | Self::Websocat => Transport::WebSocket,
            Self::Peer(Peer::Tungstenite | Peer::Fastwebsockets) => Transport::WebSocket,
        }
    }

    /// What it answers.
    pub(crate) fn answer(self) -> Answer {
        match self {
            Self::VezTcp | Self::VezWebSocket | Self::Report | Self::Websocat => Answer::Report,
            Self::VezEcho | Self::Peer(_) => Answer::Echo,
        }
    }

    /// Whether its sessions are measured: `sair` ends them, and the next client is then served.
    pub(crate) fn has_sessions(self) -> bool {
        !matches!(self, Self::VezEcho | Self::Websocat)
    }

    /// Whether many messages in flight are measured.
    pub(crate) fn is_pipelined(self) -> bool {
        matches!(self, Self::VezEcho | Self::Peer(Peer::Tungstenite | Peer::Fastwebsockets))
    }

    /// What serves `port`; Vez serves raw TCP, or HTTP, on `other`, and websocat has its server there.
    ///
    /// # Errors
    /// When this program cannot tell where it is, or websocat is not given.
    pub(crate) fn commands(self, options: &Options, port: u16, other: u16) -> Result<Vec<Command>> {
        let server = &options.server;
        Ok(match self {
            Self::VezTcp => vec![vez(server, port, other)],
            Self::VezWebSocket => vec![vez(server, other, port)],
            Self::VezEcho => {
                let mut command = vez(server, other, port);
                command.args(["--responder", "echo"]);
                vec![command]
            }
            Self::Report => vec![report(port)],
            Self::Websocat => {
                let websocat = options.websocat.as_ref().context("--websocat is not given")?;
                let mut command = Command::new(websocat);
                command.args(["--text", "--no-line", "--exit-on-eof"]);
                command.arg(format!("ws-l:127.0.0.1:{port}")).arg(format!("tcp:127.0.0.1:{other}"));
                vec![report(other), command]
            }
            Self::Peer(peer) => {
                let mut command = Command::new(std::env::current_exe()?);
                command.args(["peer", peer.name(), &port.to_string()]);
                vec![command]
            }
        })
    }
}

fn report(port: u16) -> Command {
    let mut command = Command::new("python3");
    command.args(["-c", REPORT, &port.to_string()]);
    command
}

fn vez(server: &Path, tcp: u16, http: u16) -> Command {
    let mut command = Command::new(server);
    command.arg(format!("--tcp=127.0.0.1:{tcp}")).arg(format!("--http=127.0.0.1:{http}"));
    // The clients here are too simple for pings: none comes while they are measured.
    command.args(["--queue-length", "20000", "--ping", "1h"]);
    command
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::VezTcp => "Vez, TCP",
            Self::VezWebSocket => "Vez, WebSocket",
            Self::VezEcho => "Vez, WebSocket, echo",
            Self::Report => "the report's server (Python)",
            Self::Websocat => "websocat before the report's server",
            Self::Peer(Peer::BlockingTcp) => "blocking TCP echo",
            Self::Peer(Peer::TokioTcp) => "tokio TCP echo",
            Self::Peer(Peer::Tungstenite) => "tokio-tungstenite echo",
            Self::Peer(Peer::Fastwebsockets) => "fastwebsockets echo",
        })
    }
}
