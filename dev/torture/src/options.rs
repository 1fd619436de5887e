//! The storm's options.

use std::path::PathBuf;

use clap::Parser;

use crate::responder::Responder;

/// Storms a vez-server with clients of every kind and checks what it promises.
#[derive(Clone, Debug, Parser)]
#[command(name = "vez-torture", version)]
pub(crate) struct Options {
    /// How long new clients come, in seconds, after a short warm-up
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(crate) seconds: u64,

    /// How many clients there are at a time
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=8000))]
    pub(crate) clients: u32,

    /// What every choice follows from; any number unless given
    #[arg(long)]
    pub(crate) seed: Option<u64>,

    /// How many servers: 3 share a queue in etcd and fail in turn, in front of a server that writes down what it gets
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=3))]
    pub(crate) servers: u32,

    /// What answers
    #[arg(long, value_enum, default_value_t)]
    pub(crate) responder: Responder,

    /// The vez-server to storm
    #[arg(long, value_name = "PROGRAM")]
    pub(crate) server: PathBuf,
}
