//! What stands between a client and something that is no server of its own.

use std::fmt;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::options::Options;
use crate::peer::Peer;
use crate::wire::Transport;

/// A program that takes a while to start and then answers line by line.
const SLOW_STARTER: [&str; 3] =
    ["python3", "-c", "import sys\nfor l in sys.stdin: print(l, end='', flush=True)"];

/// Something that carries a stream to an echo, or a conversation to a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Between {
    /// Nothing: the echo itself.
    Direct,
    /// Vez, from TCP to TCP.
    Vez,
    /// HAProxy in its TCP mode.
    Haproxy,
    /// socat with buffers of 256 KiB.
    Socat,
    /// Vez, from a WebSocket to TCP.
    VezWebSocket,
    /// websockify.
    Websockify,
    /// websocat, from a WebSocket to TCP.
    Websocat,
    /// Vez before a program that is started for its turn.
    VezTurn,
    /// Vez before a program that is started ahead.
    VezReady,
    /// websocketd before the same program.
    Websocketd,
}

impl Between {
    /// Those that carry streams over TCP.
    pub(crate) const TCP: [Self; 4] = [Self::Direct, Self::Vez, Self::Haproxy, Self::Socat];
    /// Those that carry streams from WebSockets.
    pub(crate) const WEBSOCKET: [Self; 3] = [Self::VezWebSocket, Self::Websockify, Self::Websocat];
    /// Those that start a program for each conversation.
    pub(crate) const STARTING: [Self; 3] = [Self::VezTurn, Self::VezReady, Self::Websocketd];

    /// Whether it can be measured here.
    pub(crate) fn is_given(self, options: &Options) -> bool {
        match self {
            Self::Haproxy => is_installed("haproxy"),
            Self::Socat => is_installed("socat"),
            Self::Websockify => is_installed("websockify"),
            Self::Websocketd => is_installed("websocketd"),
            Self::Websocat => options.websocat.is_some(),
            Self::Direct | Self::Vez | Self::VezWebSocket | Self::VezTurn | Self::VezReady => true,
        }
    }

    /// How it is spoken to.
    pub(crate) fn transport(self) -> Transport {
        match self {
            Self::Direct | Self::Vez | Self::Haproxy | Self::Socat => Transport::Tcp,
            Self::VezWebSocket | Self::Websockify | Self::Websocat => Transport::Binary,
            Self::VezTurn | Self::VezReady | Self::Websocketd => Transport::WebSocket,
        }
    }

    /// What serves `port`, what is behind on `other` first.
    ///
    /// # Errors
    /// When this program cannot tell where it is, or a file cannot be written.
    pub(crate) fn commands(self, options: &Options, port: u16, other: u16) -> Result<Vec<Command>> {
        let (here, behind) = (format!("127.0.0.1:{port}"), format!("127.0.0.1:{other}"));
        let program = |program: &Path, arguments: &[&str]| {
            let mut command = Command::new(program);
            command.args(arguments);
            command
        };
        let named = |name: &str, arguments: &[&str]| program(Path::new(name), arguments);
        let vez =
            |tcp: &str, http: &str| program(&options.server, &["--tcp", tcp, "--http", http, "--ping", "1h"]);
        let connect = format!("tcp://{behind}");
        let relay = match self {
            Self::Direct => return Ok(vec![echo(port)?]),
            Self::VezTurn | Self::VezReady | Self::Websocketd => {
                let mut command = if self == Self::Websocketd {
                    named("websocketd", &["--address=127.0.0.1", &format!("--port={port}")])
                } else {
                    let mut command = vez("off", &here);
                    let start = if self == Self::VezReady { "ready" } else { "turn" };
                    command.args(["--exec", "--exec-start", start, "--"]);
                    command
                };
                command.args(SLOW_STARTER);
                return Ok(vec![command]);
            }
            Self::Vez => {
                let mut command = vez(&here, "off");
                command.args(["--connect", &connect]);
                command
            }
            Self::VezWebSocket => {
                let mut command = vez("off", &here);
                command.args(["--binary", "--connect", &connect]);
                command
            }
            Self::Haproxy => {
                let file = options.out.join("haproxy.cfg");
                fs::write(&file, haproxy(&here, &behind))?;
                program(Path::new("haproxy"), &["-db", "-f", &file.to_string_lossy()])
            }
            Self::Socat => {
                let listen = format!("TCP-LISTEN:{port},bind=127.0.0.1,fork,reuseaddr,nodelay");
                named("socat", &["-b", "262144", &listen, &format!("TCP:{behind},nodelay")])
            }
            Self::Websockify => named("websockify", &[&here, &behind]),
            Self::Websocat => {
                let websocat = options.websocat.as_ref().context("--websocat is not given")?;
                program(websocat, &["--binary", &format!("ws-l:{here}"), &format!("tcp:{behind}")])
            }
        };
        Ok(vec![echo(other)?, relay])
    }
}

fn echo(port: u16) -> Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["peer", Peer::Stream.name(), &port.to_string()]);
    Ok(command)
}

fn haproxy(here: &str, behind: &str) -> String {
    format!(
        "defaults\n  mode tcp\n  timeout connect 5s\n  timeout client 60s\n  timeout server 60s\n  option splice-auto\n\
         frontend here\n  bind {here}\n  default_backend behind\nbackend behind\n  server echo {behind}\n"
    )
}

/// Whether the system has such a program.
fn is_installed(name: &str) -> bool {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&folders).any(|folder| folder.join(name).is_file())
}

impl fmt::Display for Between {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Direct => "an echo, reached directly",
            Self::Vez => "Vez before an echo, TCP",
            Self::Haproxy => "HAProxy before an echo",
            Self::Socat => "socat -b 262144 before an echo",
            Self::VezWebSocket => "Vez before an echo, WebSocket",
            Self::Websockify => "websockify before an echo",
            Self::Websocat => "websocat before an echo",
            Self::VezTurn => "Vez before a program",
            Self::VezReady => "Vez before a program that is ready",
            Self::Websocketd => "websocketd before a program",
        })
    }
}
