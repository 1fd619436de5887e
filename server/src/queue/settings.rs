//! The queue's settings.

#[cfg(feature = "etcd")]
use std::path::PathBuf;

use super::location::Location;
#[cfg(feature = "etcd")]
use super::location::Outage;
use crate::units::{OptionalCount, optional_count};

/// Where the queue is kept, and how many may wait.
#[derive(Clone, Debug, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "Queue")]
pub struct Settings {
    /// How many may wait, over all servers of a shared queue
    #[arg(long, env = "VEZ_QUEUE_LENGTH", value_name = "COUNT", default_value_t = 1024)]
    pub queue_length: usize,

    /// How many may wait from one address (of IPv6, one /64 network); off for as many as may wait
    #[arg(long, env = "VEZ_PER_ADDRESS", value_name = "COUNT|off", default_value = "off", value_parser = optional_count)]
    pub per_address: OptionalCount,

    /// Where the queue is kept: local, or etcd://HOST:PORT[,HOST:PORT…]/NAME[?ttl=10s&server=LABEL] to share it
    #[arg(long, env = "VEZ_QUEUE", value_name = "local|URL", default_value = "local")]
    pub queue: Location,

    /// What new clients get while etcd is away
    #[cfg(feature = "etcd")]
    #[arg(
        long,
        env = "VEZ_QUEUE_OUTAGE",
        value_name = "wait|refuse",
        default_value = "wait",
        hide_possible_values = true
    )]
    pub queue_outage: Outage,

    /// Who the server is to etcd
    #[cfg(feature = "etcd")]
    #[arg(long, env = "VEZ_ETCD_USER", value_name = "NAME:PASSWORD", hide_env_values = true)]
    pub etcd_user: Option<String>,

    /// Who signs etcd's certificates, as PEM; the connection is encrypted then
    #[cfg(feature = "etcd")]
    #[arg(long, env = "VEZ_ETCD_CA", value_name = "FILE")]
    pub etcd_ca: Option<PathBuf>,

    /// The server's own certificate for etcd, as PEM
    #[cfg(feature = "etcd")]
    #[arg(long, env = "VEZ_ETCD_CERT", value_name = "FILE", requires = "etcd_ca", requires = "etcd_key")]
    pub etcd_cert: Option<PathBuf>,

    /// The key of --etcd-cert
    #[cfg(feature = "etcd")]
    #[arg(long, env = "VEZ_ETCD_KEY", value_name = "FILE", requires = "etcd_cert")]
    pub etcd_key: Option<PathBuf>,
}

impl Settings {
    /// A queue in this process where so many may wait.
    pub fn of_length(queue_length: usize) -> Self {
        Self {
            queue_length,
            per_address: None,
            queue: Location::Local,
            #[cfg(feature = "etcd")]
            queue_outage: Outage::Wait,
            #[cfg(feature = "etcd")]
            etcd_user: None,
            #[cfg(feature = "etcd")]
            etcd_ca: None,
            #[cfg(feature = "etcd")]
            etcd_cert: None,
            #[cfg(feature = "etcd")]
            etcd_key: None,
        }
    }
}
