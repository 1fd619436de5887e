//! What differs between systems: what can be measured of a process, its open files, signals, source addresses.

use std::io;
use std::net::Ipv4Addr;
use std::process::Child;

/// What a process has in memory, in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memory {
    /// Now.
    pub(crate) resident: u64,
    /// At most so far.
    pub(crate) peak: u64,
}

/// A process's memory (proc_pid_status(5)), where the system tells.
#[cfg(target_os = "linux")]
pub(crate) fn memory(process: u32) -> Option<Memory> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let bytes = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().strip_suffix(" kB")?.parse::<u64>().ok().map(|kib| kib * 1024)
    };
    Some(Memory { resident: bytes("VmRSS:")?, peak: bytes("VmHWM:")? })
}

/// How many descriptors a process has open (proc_pid_fd(5)), where the system tells.
#[cfg(target_os = "linux")]
pub(crate) fn descriptors(process: u32) -> Option<usize> {
    Some(std::fs::read_dir(format!("/proc/{process}/fd")).ok()?.count())
}

/// A process's memory, where the system tells.
#[cfg(not(target_os = "linux"))]
pub(crate) fn memory(_process: u32) -> Option<Memory> {
    None
}

/// How many descriptors a process has open, where the system tells.
#[cfg(not(target_os = "linux"))]
pub(crate) fn descriptors(_process: u32) -> Option<usize> {
    None
}

/// The loopback address that a client connects from: on Linux one of its own, so that the transcript tells
/// clients apart whatever ports they get and get again.
pub(crate) fn source(number: u64) -> Ipv4Addr {
    if cfg!(target_os = "linux") {
        // From 127.1.0.1 on; hosts 0 and 255 are left out, as they may mean a whole network.
        let (net, host) = (number / 254, number % 254 + 1);
        let [.., high, low] = (net % 65_000 + 256).to_be_bytes();
        Ipv4Addr::new(127, high, low, host as u8)
    } else {
        Ipv4Addr::LOCALHOST
    }
}

/// Raises the limit on open files, which the server inherits, as far as it goes, and returns it.
#[cfg(unix)]
pub(crate) fn raise_open_files() -> Option<u64> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    // Where the hard limit is none, the system may still refuse to make it the soft one.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    getrlimit(Resource::Nofile).current
}

/// Raises the limit on open files where there is one.
#[cfg(not(unix))]
pub(crate) fn raise_open_files() -> Option<u64> {
    None
}

/// Waits for a signal that asks this process to end: SIGINT or SIGTERM, or Ctrl-C elsewhere.
#[cfg(unix)]
pub(crate) async fn interrupted() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminate.recv() => Ok(()),
    }
}

/// Waits for a signal that asks this process to end: SIGINT or SIGTERM, or Ctrl-C elsewhere.
#[cfg(not(unix))]
pub(crate) async fn interrupted() -> io::Result<()> {
    tokio::signal::ctrl_c().await
}

/// Asks a process to end, and returns whether it can end in good order.
#[cfg(unix)]
pub(crate) fn terminate(child: &mut Child) -> io::Result<bool> {
    use rustix::process::{Pid, Signal, kill_process};
    kill_process(Pid::from_child(child), Signal::TERM)?;
    Ok(true)
}

/// Ends a process, and returns whether it can end in good order.
#[cfg(not(unix))]
pub(crate) fn terminate(child: &mut Child) -> io::Result<bool> {
    child.kill()?;
    Ok(false)
}
