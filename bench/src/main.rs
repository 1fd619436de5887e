//! `vez-bench`: measures a real vez-server and, in turn with it, servers that do less.
//!
//! Every server is a process of its own on one CPU; the clients share another; neither falls asleep. All measures are taken in rounds
//! in which the servers take turns, so that a machine that slows down slows them all.

#[cfg(target_os = "linux")]
mod awake;
#[cfg(target_os = "linux")]
mod client;
#[cfg(target_os = "linux")]
mod measure;
#[cfg(target_os = "linux")]
mod options;
#[cfg(target_os = "linux")]
mod peer;
#[cfg(target_os = "linux")]
mod plot;
#[cfg(target_os = "linux")]
mod process;
#[cfg(target_os = "linux")]
mod records;
#[cfg(target_os = "linux")]
mod run;
#[cfg(target_os = "linux")]
mod subject;
#[cfg(target_os = "linux")]
mod system;
#[cfg(target_os = "linux")]
mod table;
#[cfg(target_os = "linux")]
mod targets;
#[cfg(target_os = "linux")]
mod wire;

#[cfg(target_os = "linux")]
fn main() -> anyhow::Result<()> {
    use clap::Parser;
    match options::Command::parse() {
        options::Command::Run(options) => run::run(&options),
        options::Command::Peer { peer, port } => peer::run(peer, port),
        options::Command::Spin => awake::spin(),
    }
}

#[cfg(not(target_os = "linux"))]
fn main() -> anyhow::Result<()> {
    anyhow::bail!("o que aqui se mede só o Linux conta (/proc)")
}
