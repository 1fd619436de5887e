//! The server's options, from the command line and the environment.

use std::net::{SocketAddr, ToSocketAddrs};
use std::str::FromStr;

use clap::{CommandFactory, FromArgMatches, Parser};
use vez_protocol::{DEFAULT_HTTP, DEFAULT_TCP};

use crate::{door, http, queue, responder, session, transport};

/// Serves one conversation at a time and queues everybody else fairly: from a browser page, a terminal over
/// raw TCP, and any WebSocket tool.
#[derive(Clone, Debug, Parser)]
#[command(name = "vez-server", version)]
pub struct Options {
    /// Where raw TCP is served; port 0 binds any free port
    #[arg(long, env = "VEZ_TCP", value_name = "ADDR|off", default_value = DEFAULT_TCP)]
    pub tcp: Listen,

    /// Where the page and WebSockets are served; port 0 binds any free port
    #[arg(long, env = "VEZ_HTTP", value_name = "ADDR|off", default_value = DEFAULT_HTTP)]
    pub http: Listen,

    /// Where operators read /metrics and /queue; port 0 binds any free port, which the log tells
    #[arg(long, env = "VEZ_METRICS", value_name = "ADDR|off", default_value = "off")]
    pub metrics: Listen,

    /// What answers.
    #[command(flatten)]
    pub behind: responder::Settings,

    /// How many may wait.
    #[command(flatten)]
    pub queue: queue::Settings,

    /// How long a turn may take.
    #[command(flatten)]
    pub turns: session::Settings,

    /// How long peers may be silent, and how much they may send.
    #[command(flatten)]
    pub connections: transport::Settings,

    /// Who may come in.
    #[command(flatten)]
    pub access: door::Settings,

    /// How long a request may take.
    #[command(flatten)]
    pub requests: http::Settings,
}

/// Where a listener binds, if it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listen(
    /// The address; `None` is off.
    pub Option<SocketAddr>,
);

impl FromStr for Listen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.eq_ignore_ascii_case("off") {
            return Ok(Self(None));
        }
        let mut addresses =
            text.to_socket_addrs().map_err(|error| format!("{error}; try 127.0.0.1:8080 or off"))?;
        addresses
            .next()
            .map(|address| Self(Some(address)))
            .ok_or_else(|| "the name has no address".to_owned())
    }
}

impl Options {
    /// The command line, which reads nothing from the environment.
    fn command_without_environment() -> clap::Command {
        Self::command().mut_args(|arg| arg.env(None::<&str>))
    }
}

impl Default for Options {
    /// What holds when the command line says nothing, whatever the environment says.
    fn default() -> Self {
        let matches = Self::command_without_environment().get_matches_from(["vez-server"]);
        Self::from_arg_matches(&matches).expect("every option has a default")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_read_nothing_from_the_environment() {
        let command = Options::command_without_environment();
        assert!(command.get_arguments().all(|argument| argument.get_env().is_none()));
        assert!(Options::command().get_arguments().any(|argument| argument.get_env().is_some()));
        Options::default();
    }

    #[test]
    fn every_option_can_be_given_in_the_environment() {
        let command = Options::command();
        let without = command.get_arguments().filter(|argument| argument.get_env().is_none());
        assert_eq!(without.map(|argument| argument.get_id().as_str()).collect::<Vec<_>>(), ["program"]);
    }
}
