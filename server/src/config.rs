//! The server's options, from the command line and the environment.

use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::{Args, Parser};
use ipnet::IpNet;
use vez_protocol::{DEFAULT_HTTP, DEFAULT_TCP};

use crate::http::Origin;
use crate::session::Responder;

/// Serves one conversation at a time and queues everybody else fairly: from a browser page, a terminal over
/// raw TCP, and any WebSocket tool.
#[derive(Clone, Debug, Parser)]
#[command(name = "vez-server", version)]
pub struct Config {
    /// Where raw TCP is served; port 0 binds any free port
    #[arg(long, env = "VEZ_TCP", value_name = "ADDR|off", default_value = DEFAULT_TCP)]
    pub tcp: Listen,

    /// Where the page and WebSockets are served; port 0 binds any free port
    #[arg(long, env = "VEZ_HTTP", value_name = "ADDR|off", default_value = DEFAULT_HTTP)]
    pub http: Listen,

    /// Who answers the messages
    #[arg(long, env = "VEZ_RESPONDER", value_enum, default_value_t)]
    pub responder: Responder,

    /// Who may speak to the HTTP port.
    #[command(flatten)]
    pub access: Access,

    /// The times, which end what takes too long.
    #[command(flatten)]
    pub times: Times,

    /// The bounds, which no peer can make the server exceed.
    #[command(flatten)]
    pub limits: Limits,
}

/// Who may speak to the HTTP port.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Access")]
pub struct Access {
    /// A name that the server goes by, beside its addresses; may be given several times
    #[arg(long, env = "VEZ_ALLOW_HOST", value_name = "HOST", value_delimiter = ',')]
    pub allow_host: Vec<String>,

    /// Another host whose pages may connect, as https://host; may be given several times
    #[arg(long, env = "VEZ_ALLOW_ORIGIN", value_name = "ORIGIN", value_delimiter = ',')]
    pub allow_origin: Vec<Origin>,

    /// A proxy, as ADDR or ADDR/LEN, that is believed when it names the client (Forwarded, X-Forwarded-For)
    #[arg(long, env = "VEZ_TRUSTED_PROXY", value_name = "ADDR/LEN", value_delimiter = ',', value_parser = network)]
    pub trusted_proxy: Vec<IpNet>,

    /// The certificate chain (PEM) with which the HTTP port speaks https and wss; read again on SIGHUP
    #[arg(long, env = "VEZ_TLS_CERT", value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,

    /// The certificate's private key (PEM)
    #[arg(long, env = "VEZ_TLS_KEY", value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
}

/// How long things may take.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Times (500ms, 30s, 5m)")]
pub struct Times {
    /// Ends a turn after so long without a message, counted while somebody waits; off for never
    #[arg(long, env = "VEZ_IDLE_LIMIT", value_name = "TIME|off", default_value = "5m", value_parser = optional_time)]
    pub idle_limit: OptionalTime,

    /// Ends a turn that takes longer, counted while somebody waits; off for never
    #[arg(long, env = "VEZ_TURN_LIMIT", value_name = "TIME|off", default_value = "off", value_parser = optional_time)]
    pub turn_limit: OptionalTime,

    /// Warns those who can be warned so long before a limit
    #[arg(long, env = "VEZ_WARN_BEFORE", value_name = "TIME", default_value = "30s", value_parser = time)]
    pub warn_before: Duration,

    /// Sends a WebSocket ping after so long without a frame
    #[arg(long, env = "VEZ_PING", value_name = "TIME", default_value = "20s", value_parser = time)]
    pub ping: Duration,

    /// Gives up on a WebSocket that has not answered a ping after so long
    #[arg(long, env = "VEZ_PONG_WAIT", value_name = "TIME", default_value = "20s", value_parser = time)]
    pub pong_wait: Duration,

    /// Gives up on a TCP peer whose network has been silent for so long (keepalive, TCP_USER_TIMEOUT)
    #[arg(long, env = "VEZ_GONE", value_name = "TIME", default_value = "60s", value_parser = time)]
    pub gone: Duration,

    /// Gives up on a peer that does not take what is written to it for so long
    #[arg(long, env = "VEZ_WRITE_LIMIT", value_name = "TIME", default_value = "30s", value_parser = time)]
    pub write_limit: Duration,

    /// Waits so long for a peer to take the last words, and again for it to close while others are served already
    #[arg(long, env = "VEZ_LINGER", value_name = "TIME", default_value = "5s", value_parser = time)]
    pub linger: Duration,

    /// Lets the running conversation go on for so long when the server is told to end
    #[arg(long, env = "VEZ_DRAIN", value_name = "TIME", default_value = "10s", value_parser = time)]
    pub drain: Duration,

    /// Waits so long for the header of an HTTP request
    #[arg(long, env = "VEZ_HEADER_TIME", value_name = "TIME", default_value = "10s", value_parser = time)]
    pub header_time: Duration,
}

/// How much things may take.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Bounds (2048, 64KiB, 32MiB)")]
pub struct Limits {
    /// How many may wait
    #[arg(long, env = "VEZ_QUEUE_LENGTH", value_name = "COUNT", default_value_t = 1024)]
    pub queue_length: usize,

    /// How many may wait from one address (of IPv6, one /64 network); off for as many as may wait
    #[arg(long, env = "VEZ_PER_ADDRESS", value_name = "COUNT|off", default_value = "off", value_parser = optional_count)]
    pub per_address: OptionalCount,

    /// How many connections may be open; without it, as many as the limit on open files allows
    #[arg(long, env = "VEZ_CONNECTIONS", value_name = "COUNT")]
    pub connections: Option<usize>,

    /// The longest message
    #[arg(long, env = "VEZ_MAX_MESSAGE", value_name = "SIZE", default_value = "64KiB", value_parser = message_size)]
    pub max_message: usize,

    /// How much is kept of what a WebSocket client sends while it waits; then it is not read further
    #[arg(long, env = "VEZ_KEPT_BYTES", value_name = "SIZE", default_value = "128KiB", value_parser = size)]
    pub kept_bytes: usize,

    /// How many messages are kept of what a WebSocket client sends while it waits
    #[arg(long, env = "VEZ_KEPT_MESSAGES", value_name = "COUNT", default_value_t = 64)]
    pub kept_messages: usize,

    /// The largest header of an HTTP request, at least 8KiB
    #[arg(long, env = "VEZ_HEADER_SIZE", value_name = "SIZE", default_value = "16KiB", value_parser = header_size)]
    pub header_size: usize,
}

/// A time that may be off; named so that clap takes the whole as one value.
pub type OptionalTime = Option<Duration>;

/// A count that may be off.
pub type OptionalCount = Option<usize>;

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

impl Config {
    /// The options that hold when neither the command line nor the environment says otherwise.
    pub fn standard() -> Self {
        Self::parse_from(["vez-server"])
    }
}

fn time(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|error| format!("{error}; write 500ms, 30s or 5m"))
}

fn optional_time(text: &str) -> Result<OptionalTime, String> {
    if text.eq_ignore_ascii_case("off") { Ok(None) } else { time(text).map(Some) }
}

fn optional_count(text: &str) -> Result<OptionalCount, String> {
    if text.eq_ignore_ascii_case("off") {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|error| format!("{error}; write a number, or off"))
}

fn network(text: &str) -> Result<IpNet, String> {
    let net = text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
    net.ok_or_else(|| "write an address, or a network as 10.0.0.0/8".to_owned())
}

fn size(text: &str) -> Result<usize, String> {
    let bytes =
        parse_size::parse_size(text).map_err(|error| format!("{error}; write 2048, 64KiB or 32MiB"))?;
    usize::try_from(bytes).map_err(|error| error.to_string())
}

fn message_size(text: &str) -> Result<usize, String> {
    within(size(text)?, 4, 64 * 1024 * 1024)
}

fn header_size(text: &str) -> Result<usize, String> {
    within(size(text)?, 8 * 1024, 1024 * 1024)
}

fn within(bytes: usize, least: usize, most: usize) -> Result<usize, String> {
    if (least..=most).contains(&bytes) {
        Ok(bytes)
    } else {
        Err(format!("must be from {least} to {most} bytes"))
    }
}
