//! Measures a real vez-server and, in turn with it, servers that do less.
//!
//! Every server is a process of its own on one CPU; the clients share another; neither falls asleep. All measures
//! are taken in rounds in which the servers take turns, so that a machine that slows down slows them all.
//!
//! Empty where there is no `/proc` to tell what a process costs.

#![cfg(target_os = "linux")]

mod awake;
mod between;
mod client;
mod losses;
mod measure;
mod options;
mod peer;
mod plan;
mod plot;
mod process;
mod records;
mod run;
#[cfg(feature = "etcd")]
mod shared;
mod subject;
mod system;
mod table;
mod targets;
mod transcript;
mod wire;

use clap::Parser;

/// Does what the command line asks for.
///
/// # Errors
/// When a server cannot be measured, or cannot serve.
pub fn run() -> anyhow::Result<()> {
    match options::Command::parse() {
        options::Command::Run(options) => run::run(&options),
        #[cfg(feature = "etcd")]
        options::Command::Shared(options) => shared::run(&options),
        options::Command::Peer { peer, port } => peer::run(peer, port),
        options::Command::Spin => awake::spin(),
    }
}
