//! What is measured.

use std::fmt;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::between::Between;
use crate::options::Options;
use crate::peer::{Peer, REPORT};
use crate::wire::{Answer, Transport};

/// A server that is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Subject {
    /// The vez-server that is measured.
    Vez(Vez),
    /// The vez-server that it is compared with, another build.
    Baseline(Vez),
    /// The report's server.
    Report,
    /// websocat in front of the report's server: WebSockets for one at a time, put together from what there is.
    Websocat,
    /// One of the servers that this program is when asked.
    Peer(Peer),
    /// What carries a stream or a conversation to something behind.
    Between(Between),
}

/// A vez-server's responder and the transport on which it is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Vez {
    /// The report's answers over raw TCP.
    Tcp,
    /// The report's answers over a WebSocket.
    WebSocket,
    /// Echoes over raw TCP.
    TcpEcho,
    /// Echoes over a WebSocket.
    WebSocketEcho,
    /// The report's answers over raw TCP, while HTTP is for those who have a name and a password.
    SignIn,
}

/// What `htpasswd -B -C 10` writes: checking a password takes some 50 ms.
const PEOPLE: &str = "maria:$2y$10$X2qTyqhWZS4DD0.osk0spevUsQk7RIwEy.M6PyU0h.ZUXLTC4ctR6\n";

impl Vez {
    /// Its options, serving `port` and, with what nobody speaks to, `other`.
    ///
    /// # Errors
    /// When `folder` cannot be written to.
    fn command(self, server: &Path, folder: &Path, port: u16, other: u16) -> Result<Command> {
        let (tcp, http) = if self.transport() == Transport::Tcp { (port, other) } else { (other, port) };
        let mut command = Command::new(server);
        command.arg(format!("--tcp=127.0.0.1:{tcp}")).arg(format!("--http=127.0.0.1:{http}"));
        // The clients here are too simple for pings: none comes while they are measured.
        command.args(["--queue-length", "20000", "--ping", "1h"]);
        if self.answer() == Answer::Echo {
            command.args(["--responder", "echo"]);
        }
        if self == Self::SignIn {
            let people = folder.join("people");
            fs::write(&people, PEOPLE)?;
            command.arg("--tcp-anyone").arg("--htpasswd").arg(people);
        }
        Ok(command)
    }

    fn transport(self) -> Transport {
        match self {
            Self::Tcp | Self::TcpEcho | Self::SignIn => Transport::Tcp,
            Self::WebSocket | Self::WebSocketEcho => Transport::WebSocket,
        }
    }

    fn answer(self) -> Answer {
        match self {
            Self::Tcp | Self::WebSocket | Self::SignIn => Answer::Report,
            Self::TcpEcho | Self::WebSocketEcho => Answer::Echo,
        }
    }
}

impl Subject {
    /// All of them, those next to each other that are compared.
    pub(crate) const ALL: [Self; 14] = [
        Self::Peer(Peer::BlockingTcp),
        Self::Report,
        Self::Vez(Vez::Tcp),
        Self::Baseline(Vez::Tcp),
        Self::Peer(Peer::TokioTcp),
        Self::Vez(Vez::TcpEcho),
        Self::Baseline(Vez::TcpEcho),
        Self::Vez(Vez::WebSocket),
        Self::Baseline(Vez::WebSocket),
        Self::Peer(Peer::Tungstenite),
        Self::Websocat,
        Self::Vez(Vez::WebSocketEcho),
        Self::Baseline(Vez::WebSocketEcho),
        Self::Peer(Peer::Fastwebsockets),
    ];

    /// Whether what `options` name suffices to measure it.
    pub(crate) fn is_given(self, options: &Options) -> bool {
        match self {
            Self::Websocat => options.websocat.is_some(),
            Self::Baseline(_) => options.baseline.is_some(),
            Self::Between(between) => between.is_given(options),
            Self::Vez(_) | Self::Report | Self::Peer(_) => true,
        }
    }

    /// The same of the server that Vez is compared with.
    pub(crate) fn baseline(self) -> Option<Self> {
        if let Self::Vez(vez) = self { Some(Self::Baseline(vez)) } else { None }
    }

    /// How it is spoken to.
    pub(crate) fn transport(self) -> Transport {
        match self {
            Self::Vez(vez) | Self::Baseline(vez) => vez.transport(),
            Self::Between(between) => between.transport(),
            Self::Report | Self::Peer(Peer::BlockingTcp | Peer::TokioTcp | Peer::Stream) => Transport::Tcp,
            Self::Websocat | Self::Peer(Peer::Tungstenite | Peer::Fastwebsockets) => Transport::WebSocket,
        }
    }

    /// What it answers.
    pub(crate) fn answer(self) -> Answer {
        match self {
            Self::Vez(vez) | Self::Baseline(vez) => vez.answer(),
            Self::Report | Self::Websocat => Answer::Report,
            Self::Peer(_) | Self::Between(_) => Answer::Echo,
        }
    }

    /// Whether its stdout has a line for each message.
    pub(crate) fn has_transcript(self) -> bool {
        matches!(self, Self::Vez(_) | Self::Baseline(_))
    }

    /// Whether its sessions are measured: `sair` ends them, and the next client is then served.
    pub(crate) fn has_sessions(self) -> bool {
        match self {
            Self::Vez(vez) | Self::Baseline(vez) => vez.answer() == Answer::Report,
            Self::Websocat | Self::Between(_) => false,
            Self::Report | Self::Peer(_) => true,
        }
    }

    /// Whether many messages in flight are measured: not of those to whom all that arrives together is one message,
    /// whatever it is.
    pub(crate) fn is_pipelined(self) -> bool {
        !matches!(self, Self::Report | Self::Websocat | Self::Peer(Peer::BlockingTcp) | Self::Between(_))
    }

    /// What serves `port`; Vez serves raw TCP, or HTTP, on `other`, and websocat has its server there.
    ///
    /// # Errors
    /// When this program cannot tell where it is, or websocat is not given.
    pub(crate) fn commands(self, options: &Options, port: u16, other: u16) -> Result<Vec<Command>> {
        Ok(match self {
            Self::Vez(vez) => vec![vez.command(&options.server, &options.out, port, other)?],
            Self::Baseline(vez) => {
                let server = options.baseline.as_ref().context("--baseline is not given")?;
                vec![vez.command(server, &options.out, port, other)?]
            }
            Self::Report => vec![report(port)],
            Self::Websocat => {
                let websocat = options.websocat.as_ref().context("--websocat is not given")?;
                let mut command = Command::new(websocat);
                command.args(["--text", "--no-line", "--exit-on-eof"]);
                command.arg(format!("ws-l:127.0.0.1:{port}")).arg(format!("tcp:127.0.0.1:{other}"));
                vec![report(other), command]
            }
            Self::Between(between) => between.commands(options, port, other)?,
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

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Vez(Vez::Tcp) => "Vez, TCP",
            Self::Vez(Vez::WebSocket) => "Vez, WebSocket",
            Self::Vez(Vez::TcpEcho) => "Vez, TCP, echo",
            Self::Vez(Vez::WebSocketEcho) => "Vez, WebSocket, echo",
            Self::Vez(Vez::SignIn) => "Vez, TCP, sign-in",
            Self::Baseline(Vez::Tcp) => "baseline, TCP",
            Self::Baseline(Vez::WebSocket) => "baseline, WebSocket",
            Self::Baseline(Vez::TcpEcho) => "baseline, TCP, echo",
            Self::Baseline(Vez::WebSocketEcho) => "baseline, WebSocket, echo",
            Self::Baseline(Vez::SignIn) => "baseline, TCP, sign-in",
            Self::Report => "the report's server (Python)",
            Self::Websocat => "websocat before the report's server",
            Self::Peer(Peer::BlockingTcp) => "blocking TCP echo",
            Self::Peer(Peer::TokioTcp) => "tokio TCP echo",
            Self::Peer(Peer::Tungstenite) => "tokio-tungstenite echo",
            Self::Peer(Peer::Fastwebsockets) => "fastwebsockets echo",
            Self::Peer(Peer::Stream) => "stream echo",
            Self::Between(between) => return between.fmt(f),
        })
    }
}
