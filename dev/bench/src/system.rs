//! What Linux tells about a process, and what it lets be chosen: CPUs and open files.

use std::fs;

use anyhow::{Context, Result};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// The CPU for the servers, and the one for the clients; the same where there is but one.
#[derive(Clone, Debug)]
pub(crate) struct Cpus {
    allowed: Vec<usize>,
}

impl Cpus {
    /// The CPUs that this process may use.
    ///
    /// # Errors
    /// When the system does not tell.
    pub(crate) fn find() -> Result<Self> {
        let set = sched_getaffinity(None)?;
        let allowed = (0..CpuSet::MAX_CPU).filter(|cpu| set.is_set(*cpu)).collect();
        Ok(Self { allowed })
    }

    /// Has this thread, and what it starts, run where the servers do.
    ///
    /// # Errors
    /// When the system does not allow it.
    pub(crate) fn be_server(&self) -> Result<()> {
        pin(self.allowed.first())
    }

    /// Has this thread, and what it starts, run anywhere.
    ///
    /// # Errors
    /// When the system does not allow it.
    pub(crate) fn be_free(&self) -> Result<()> {
        pin(self.allowed.iter())
    }

    /// Has this thread, and what it starts, run where the clients do.
    ///
    /// # Errors
    /// When the system does not allow it.
    pub(crate) fn be_client(&self) -> Result<()> {
        pin(self.allowed.last())
    }
}

fn pin<'a>(cpus: impl IntoIterator<Item = &'a usize>) -> Result<()> {
    let mut set = CpuSet::new();
    cpus.into_iter().for_each(|cpu| set.set(*cpu));
    Ok(sched_setaffinity(None, &set)?)
}

/// The CPU time of all threads of a process so far, in nanoseconds (Linux, sched-stats.rst).
///
/// # Errors
/// When the process is gone, or the kernel does not keep count.
pub(crate) fn cpu(process: u32) -> Result<u64> {
    let mut total = 0;
    for thread in fs::read_dir(format!("/proc/{process}/task"))? {
        let stat = fs::read_to_string(thread?.path().join("schedstat"))?;
        let spent = stat.split_whitespace().next().context("schedstat is empty")?;
        total += spent.parse::<u64>()?;
    }
    Ok(total)
}

/// The CPU time of a process and of its children that have ended, in nanoseconds (proc_pid_stat(5)).
///
/// # Errors
/// When the process is gone.
pub(crate) fn cpu_of_family(process: u32) -> Result<u64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    let (_, after_name) = stat.rsplit_once(')').context("no name in stat")?;
    // cutime and cstime, the 16th and the 17th.
    let ticks = after_name.split_whitespace().skip(13).take(2).map(str::parse::<u64>);
    let ended: u64 = ticks.sum::<Result<u64, _>>()?;
    Ok(cpu(process)? + ended * 1_000_000_000 / rustix::param::clock_ticks_per_second())
}

/// A process's memory in bytes (proc_pid_status(5)).
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Memory {
    /// Now.
    pub(crate) resident: u64,
    /// At most so far.
    pub(crate) peak: u64,
}

impl std::iter::Sum for Memory {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self { resident: 0, peak: 0 }, |sum, each| Self {
            resident: sum.resident + each.resident,
            peak: sum.peak + each.peak,
        })
    }
}

/// What a process has in memory.
///
/// # Errors
/// When it is gone.
pub(crate) fn memory(process: u32) -> Result<Memory> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let bytes = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).context("no memory in status")?;
        let kib: u64 = line.trim().trim_end_matches(" kB").parse()?;
        Ok::<_, anyhow::Error>(kib * 1024)
    };
    Ok(Memory { resident: bytes("VmRSS:")?, peak: bytes("VmHWM:")? })
}

/// Raises the limit on open files, which the servers inherit, as far as it goes, and returns it.
pub(crate) fn raise_open_files() -> u64 {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    // Where the hard limit is none, the system may still refuse to make it the soft one.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}
