//! The options.

use std::path::PathBuf;

use clap::{Args, Parser};

use crate::peer::Peer;

/// Measures a vez-server and servers that do less.
#[derive(Debug, Parser)]
#[command(name = "vez-bench", version)]
pub(crate) enum Command {
    /// Measures
    Run(Options),
    /// Serves as one of those that Vez is compared with
    Peer {
        /// Which
        #[arg(value_enum)]
        peer: Peer,
        /// The port to listen on
        port: u16,
    },
    /// Measures a queue that servers share in etcd
    #[cfg(feature = "etcd")]
    Shared(Shared),
    /// Keeps a CPU awake until stdin ends
    Spin,
}

/// How to measure.
#[derive(Clone, Debug, Args)]
pub(crate) struct Options {
    /// Less of everything, in a minute: to see that it works, not to compare
    #[arg(long)]
    pub(crate) quick: bool,

    /// How many rounds, of which the median counts
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=50))]
    pub(crate) rounds: Option<u32>,

    /// Only the round trips, the sessions and the pipelines: nobody waits
    #[arg(long)]
    pub(crate) no_queue: bool,

    /// Only what stands between a client and something behind: streams, and programs that are started
    #[arg(long, conflicts_with_all = ["no_queue", "only_queue"])]
    pub(crate) only_behind: bool,

    /// Only the queue
    #[arg(long, conflicts_with = "no_queue")]
    pub(crate) only_queue: bool,

    /// The vez-server to measure
    #[arg(long, value_name = "PROGRAM")]
    pub(crate) server: PathBuf,

    /// Another vez-server, such as one of before a change, to measure in turn with it
    #[arg(long, value_name = "PROGRAM")]
    pub(crate) baseline: Option<PathBuf>,

    /// The websocat to put in front of the report's server; without it, that is not measured
    #[arg(long, value_name = "PROGRAM")]
    pub(crate) websocat: Option<PathBuf>,

    /// Where the table and the plots go
    #[arg(long, value_name = "FOLDER")]
    pub(crate) out: PathBuf,
}

/// How to measure a shared queue.
#[cfg(feature = "etcd")]
#[derive(Clone, Debug, Args)]
pub(crate) struct Shared {
    /// Less of everything: to see that it works, not to compare
    #[arg(long)]
    pub(crate) quick: bool,

    /// The vez-server to measure, built with the feature etcd
    #[arg(long, value_name = "PROGRAM")]
    pub(crate) server: PathBuf,

    /// Where etcd's data are meanwhile
    #[arg(long, value_name = "FOLDER")]
    pub(crate) out: PathBuf,
}
