//! A program with all that it started.

use std::io;
#[cfg(unix)]
use std::time::Duration;

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
