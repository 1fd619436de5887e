//! Who may come in: listeners, how many connections may be open, whom a proxy speaks for, Host and Origin, TLS.

mod connections;
mod guard;
mod listener;
mod proxy;
mod sign_in;
mod tls;
mod users;

use std::net::IpAddr;
use std::path::PathBuf;

use axum::http::HeaderName;
use ipnet::IpNet;

use crate::units::{OptionalCount, count, optional_count};

pub(crate) use connections::{Connections, Slot};
pub use guard::Origin;
pub(crate) use guard::{Guard, Refused};
pub use listener::BindError;
pub(crate) use listener::{Acceptor, bind};
pub(crate) use proxy::Proxies;
pub use proxy::ProxyHeader;
pub(crate) use sign_in::{SignIn, Stranger};
pub use sign_in::{SignInError, User};
pub(crate) use tls::Tls;
pub use tls::TlsError;
pub(crate) use users::{Presence, Users};

/// Who may come in.
#[derive(Clone, Debug, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "Access")]
pub struct Settings {
    /// A name that the server goes by, beside its addresses; may be given several times
    #[arg(long, env = "VEZ_ALLOW_HOST", value_name = "HOST", value_delimiter = ',')]
    pub allow_host: Vec<String>,

    /// Another host whose pages may connect, as https://host; may be given several times
    #[arg(long, env = "VEZ_ALLOW_ORIGIN", value_name = "ORIGIN", value_delimiter = ',')]
    pub allow_origin: Vec<Origin>,

    /// A proxy, as ADDR or ADDR/LEN, that is believed when it names the client
    #[arg(long, env = "VEZ_TRUSTED_PROXY", value_name = "ADDR/LEN", value_delimiter = ',', value_parser = network)]
    pub trusted_proxy: Vec<IpNet>,

    /// The header in which trusted proxies name the client; a client's own is passed on by many, in the other one
    #[arg(long, env = "VEZ_PROXY_HEADER", value_name = "HEADER", value_enum, default_value_t)]
    pub proxy_header: ProxyHeader,

    /// Names and passwords of those who may come in, as `htpasswd -B` writes them; read again on SIGHUP
    #[arg(long, env = "VEZ_HTPASSWD", value_name = "FILE")]
    pub htpasswd: Option<PathBuf>,

    /// The header in which trusted proxies say who somebody is
    #[arg(long, env = "VEZ_USER_HEADER", value_name = "HEADER")]
    pub user_header: Option<HeaderName>,

    /// How many places and turns one name may have at a time, on this server; off for as many as it likes
    #[arg(long, env = "VEZ_PER_USER", value_name = "COUNT|off", default_value = "off", value_parser = optional_count)]
    pub per_user: OptionalCount,

    /// Lets everybody in over raw TCP, where nobody can be asked who they are
    #[arg(long, env = "VEZ_TCP_ANYONE")]
    pub tcp_anyone: bool,

    /// The certificate chain (PEM) with which the HTTP port speaks https and wss; read again on SIGHUP
    #[arg(long, env = "VEZ_TLS_CERT", value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,

    /// The certificate's private key (PEM)
    #[arg(long, env = "VEZ_TLS_KEY", value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,

    /// How many connections may be open; without it, as many as the limit on open files allows
    #[arg(long, env = "VEZ_CONNECTIONS", value_name = "COUNT", value_parser = count)]
    pub connections: Option<usize>,
}

fn network(text: &str) -> Result<IpNet, String> {
    let net = text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
    net.ok_or_else(|| "write an address, or a network as 10.0.0.0/8".to_owned())
}
