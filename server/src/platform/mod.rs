//! What differs between systems: sockets' finer options, signals, groups of processes, locks on devices.

mod device_lock;
mod group;
mod splice;

use std::io;
use std::time::Duration;

use socket2::{SockRef, Socket, TcpKeepalive};
use tokio::net::TcpStream;

pub(crate) use device_lock::DeviceLock;
pub(crate) use group::Group;
pub(crate) use splice::Splice;

/// Lets a restarted server bind its port again at once.
///
/// On Windows the option means something else: it would let two servers share the port.
pub(crate) fn reuse_address(socket: &Socket) -> io::Result<()> {
    if cfg!(unix) { socket.set_reuse_address(true) } else { Ok(()) }
}

/// Sends small replies at once, and has the kernel notice a peer whose network is gone.
pub(crate) fn prepare(stream: &TcpStream, gone: Duration) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let socket = SockRef::from(stream);
    // The kernel counts whole seconds, and refuses none.
    let whole = |time: Duration| time.max(Duration::from_secs(1));
    let (half, probe) = (whole(gone / 2), whole(gone / 6));
    socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(half).with_interval(probe))?;
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(Some(gone))?;
    Ok(())
}

/// Has the thread run when no other wants the CPU (setpriority(2): on Linux each thread has its own).
#[cfg(target_os = "linux")]
pub(crate) fn give_way() {
    // Without it others wait a little longer.
    let _ = rustix::process::setpriority_process(None, 19);
}

/// Only Linux gives threads priorities of their own by that.
#[cfg(not(target_os = "linux"))]
pub(crate) fn give_way() {}

/// How long ago the machine started, its sleep included (clock_gettime(2), CLOCK_BOOTTIME).
#[cfg(all(feature = "etcd", target_os = "linux"))]
pub(crate) fn since_boot() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// How long ago the process first asked, perhaps without the machine's sleep.
#[cfg(all(feature = "etcd", not(target_os = "linux")))]
pub(crate) fn since_boot() -> Duration {
    use std::sync::LazyLock;
    use std::time::Instant;
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    START.elapsed()
}

/// Stdout without a buffer and a search for newlines of its own: the transcript hands over whole lines.
#[cfg(unix)]
pub(crate) fn stdout() -> io::Result<std::fs::File> {
    use std::os::fd::AsFd;
    Ok(std::io::stdout().as_fd().try_clone_to_owned()?.into())
}

/// Stdout, which makes a console's text of UTF-8.
#[cfg(not(unix))]
pub(crate) fn stdout() -> io::Result<std::io::Stdout> {
    Ok(std::io::stdout())
}

/// Whether stdout is an ordinary file.
#[cfg(unix)]
pub(crate) fn stdout_is_file() -> bool {
    use rustix::fs::{FileType, fstat};
    fstat(std::io::stdout()).is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile)
}

/// Whether stdout is an ordinary file; only Unix tells.
#[cfg(not(unix))]
pub(crate) fn stdout_is_file() -> bool {
    false
}

/// How many bytes wait in the pipe behind stdout, if it is one (FIONREAD, pipe(7)).
#[cfg(unix)]
pub(crate) fn unread_stdout() -> Option<u64> {
    rustix::io::ioctl_fionread(std::io::stdout()).ok()
}

/// How many bytes wait in the pipe behind stdout; only Unix tells.
#[cfg(not(unix))]
pub(crate) fn unread_stdout() -> Option<u64> {
    None
}

/// Raises the limit on open files as far as the system lets, and returns it; `None` where there is none.
#[cfg(unix)]
pub(crate) fn open_files() -> Option<u64> {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    let before = limit.current;
    limit.current = limit.maximum;
    let raised = setrlimit(Resource::Nofile, limit).is_ok();
    if raised { limit.maximum } else { before }
}

/// Raises the limit on open files as far as the system lets, and returns it; `None` where there is none.
#[cfg(not(unix))]
pub(crate) fn open_files() -> Option<u64> {
    None
}

/// Has programs start with the signals of a terminal's keys and hang-up as they are by default, also where this
/// process was started to ignore them, as by `nohup` or a script's `&`: what is ignored stays so in a new program, what
/// is caught does not (execve(2)). Here they still have no effect.
#[cfg(target_os = "linux")]
pub(crate) fn start_with_default_signals() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let status = std::fs::read_to_string("/proc/self/status")?;
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default();
    for kind in [SignalKind::hangup(), SignalKind::interrupt(), SignalKind::quit()] {
        if ignored >> (kind.as_raw_value() - 1) & 1 == 1 {
            drop(signal(kind)?);
        }
    }
    Ok(())
}

/// Only Linux tells what is ignored without more.
#[cfg(all(unix, not(target_os = "linux")))]
pub(crate) fn start_with_default_signals() -> io::Result<()> {
    Ok(())
}

/// Calls `reload` at every signal that asks to read files again: SIGHUP; elsewhere there is none. From the
/// call on, not from the first poll: the signal does not end the process any more.
#[cfg(unix)]
pub(crate) fn on_reload(mut reload: impl FnMut()) -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut hangup = signal(SignalKind::hangup())?;
    Ok(async move {
        while hangup.recv().await.is_some() {
            reload();
        }
    })
}

/// Calls `reload` at every signal that asks to read files again: SIGHUP; elsewhere there is none.
#[cfg(not(unix))]
pub(crate) fn on_reload(_reload: impl FnMut()) -> io::Result<impl Future<Output = ()>> {
    Ok(std::future::ready(()))
}

/// The signals that ask the server to end: SIGINT and SIGTERM, or Ctrl-C elsewhere.
#[derive(Debug)]
pub struct EndSignals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl EndSignals {
    /// Listens from now on, so that no signal ends the process by itself any more.
    ///
    /// # Errors
    /// When the system refuses the handlers.
    pub fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// Waits for the next signal.
    ///
    /// # Errors
    /// Never on this system.
    pub async fn next(&mut self) -> io::Result<()> {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
        Ok(())
    }
}

#[cfg(not(unix))]
impl EndSignals {
    /// Listens from the first [`next`](Self::next) on.
    ///
    /// # Errors
    /// Never on this system.
    pub fn listen() -> io::Result<Self> {
        Ok(Self {})
    }

    /// Waits for the next signal.
    ///
    /// # Errors
    /// When the system refuses the handler.
    pub async fn next(&mut self) -> io::Result<()> {
        tokio::signal::ctrl_c().await
    }
}
