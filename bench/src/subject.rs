//! What is measured.

use std::fmt;
use std::path::Path;
use std::process::Command;

use anyhow::Result;

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
    /// One of the servers that this program is when asked.
    Peer(Peer),
}

impl Subject {
    /// All of them, those next to each other that are compared.
    pub(crate) const ALL: [Self; 8] = [
        Self::Peer(Peer::BlockingTcp),
        Self::Report,
        Self::VezTcp,
        Self::Peer(Peer::TokioTcp),
        Self::VezWebSocket,
        Self::Peer(Peer::Tungstenite),
        Self::VezEcho,
        Self::Peer(Peer::Fastwebsockets),
    ];

    /// How it is spoken to.
    pub(crate) fn transport(self) -> Transport {
        match self {
            Self::VezTcp | Self::Report | Self::Peer(Peer::BlockingTcp | Peer::TokioTcp) => Transport::Tcp,
            Self::VezWebSocket | Self::VezEcho => Transport::WebSocket,
            Self::Peer(Peer::Tungstenite | Peer::Fastwebsockets) => Transport::WebSocket,
        }
    }

    /// What it answers.
    pub(crate) fn answer(self) -> Answer {
        match self {
            Self::VezTcp | Self::VezWebSocket | Self::Report => Answer::Report,
            Self::VezEcho | Self::Peer(_) => Answer::Echo,
        }
    }

    /// Whether `sair` ends its sessions.
    pub(crate) fn understands_leave(self) -> bool {
        self != Self::VezEcho
    }

    /// Whether many messages in flight are measured.
    pub(crate) fn is_pipelined(self) -> bool {
        matches!(self, Self::VezEcho | Self::Peer(Peer::Tungstenite | Peer::Fastwebsockets))
    }

    /// What serves `port`; Vez serves raw TCP, or HTTP for which `other` is then free.
    ///
    /// # Errors
    /// When this program cannot tell where it is.
    pub(crate) fn command(self, server: &Path, port: u16, other: u16) -> Result<Command> {
        Ok(match self {
            Self::VezTcp => vez(server, port, other),
            Self::VezWebSocket => vez(server, other, port),
            Self::VezEcho => {
                let mut command = vez(server, other, port);
                command.args(["--responder", "echo"]);
                command
            }
            Self::Report => {
                let mut command = Command::new("python3");
                command.args(["-c", REPORT, &port.to_string()]);
                command
            }
            Self::Peer(peer) => {
                let mut command = Command::new(std::env::current_exe()?);
                command.args(["peer", peer.name(), &port.to_string()]);
                command
            }
        })
    }
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
            Self::Peer(Peer::BlockingTcp) => "blocking TCP echo",
            Self::Peer(Peer::TokioTcp) => "tokio TCP echo",
            Self::Peer(Peer::Tungstenite) => "tokio-tungstenite echo",
            Self::Peer(Peer::Fastwebsockets) => "fastwebsockets echo",
        })
    }
}
