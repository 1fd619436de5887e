//! What differs between systems: sockets' finer options, signals, groups of processes, locks on devices.

mod device_lock;
mod splice;

use std::io;
use std::time::Duration;

use socket2::{SockRef, Socket, TcpKeepalive};
use tokio::net::TcpStream;

pub(crate) use device_lock::DeviceLock;
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

/// How soon it is looked again whether a group is gone, and how soon at the most whether a session is.
#[cfg(unix)]
const LOOK: Duration = Duration::from_millis(10);
#[cfg(unix)]
const LOOK_LONGEST: Duration = Duration::from_millis(160);

/// A program and its children.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Group {
    #[cfg(unix)]
    leader: rustix::process::Pid,
    /// Whether it leads a session, whose programs have groups of their own: a shell gives each of its jobs one.
    #[cfg(unix)]
    is_session: bool,
}

#[cfg(unix)]
impl Group {
    /// Makes what `command` starts the leader of a group of its own.
    pub(crate) fn lead(command: &mut tokio::process::Command) {
        command.process_group(0);
    }

    /// The group that a child leads.
    pub(crate) fn of(child: &tokio::process::Child) -> io::Result<Self> {
        let id = child.id().and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw);
        Ok(Self { leader: id.ok_or(io::ErrorKind::NotFound)?, is_session: false })
    }

    /// The session that a child leads.
    pub(crate) fn of_session(child: &tokio::process::Child) -> io::Result<Self> {
        Ok(Self { is_session: true, ..Self::of(child)? })
    }

    /// Those in the session, as far as the system lists them (proc_pid_stat(5)).
    fn members(&self) -> impl Iterator<Item = rustix::process::Pid> {
        let session = self.leader.as_raw_nonzero().to_string();
        let processes = if self.is_session { std::fs::read_dir("/proc").ok() } else { None };
        processes.into_iter().flatten().filter_map(move |entry| {
            let id = entry.ok()?.file_name().to_str()?.parse().ok()?;
            let status = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
            // Behind the name, which may hold anything: the state, the parent, the group and the session.
            let is_member = status.rsplit_once(')')?.1.split_whitespace().nth(3)? == session;
            rustix::process::Pid::from_raw(id).filter(|_| is_member)
        })
    }

    /// Asks all of it to end (SIGTERM).
    pub(crate) fn terminate(&self) {
        self.signal(rustix::process::Signal::TERM);
    }

    /// Ends all of it (SIGKILL).
    pub(crate) fn kill(&self) {
        self.signal(rustix::process::Signal::KILL);
    }

    fn signal(&self, signal: rustix::process::Signal) {
        // A group that is gone already needs no signal.
        let _ = rustix::process::kill_process_group(self.leader, signal);
        for member in self.members() {
            let _ = rustix::process::kill_process(member, signal);
        }
    }

    /// Waits until no member is left, the leader having been waited for. No event tells that.
    pub(crate) async fn gone(&self) {
        use rustix::process::{WaitOptions, test_kill_process_group, waitpgid};
        while test_kill_process_group(self.leader).is_ok() {
            // Orphans are this process's own where it is the first of a container: they are waited for here.
            while waitpgid(self.leader, WaitOptions::NOHANG).is_ok_and(|ended| ended.is_some()) {}
            tokio::time::sleep(LOOK).await;
        }
        if self.is_session {
            self.session_gone().await;
        }
    }

    async fn session_gone(self) {
        use rustix::process::{WaitOptions, waitpid};
        let mut pause = LOOK;
        loop {
            // Where thousands of processes run, looking at all takes its time.
            let members = tokio::task::spawn_blocking(move || self.members().collect::<Vec<_>>());
            let members = members.await.unwrap_or_default();
            if members.is_empty() {
                return;
            }
            for member in members {
                let _ = waitpid(Some(member), WaitOptions::NOHANG);
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LOOK_LONGEST);
        }
    }
}

#[cfg(not(unix))]
#[expect(clippy::unused_self, reason = "the same face as on Unix")]
impl Group {
    /// Only Unix has groups of processes.
    pub(crate) fn lead(_command: &mut tokio::process::Command) {}

    /// The group that a child leads.
    pub(crate) fn of(_child: &tokio::process::Child) -> io::Result<Self> {
        Ok(Self {})
    }

    /// Nothing can be asked here; dropping the child ends it.
    pub(crate) fn terminate(&self) {}

    /// Dropping the child ends it.
    pub(crate) fn kill(&self) {}

    /// Who leads a group of one was waited for.
    pub(crate) async fn gone(&self) {}
}
