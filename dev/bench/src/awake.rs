//! Keeps the CPUs awake while something is measured.
//!
//! A virtual CPU that falls asleep between two messages is woken by its host, which takes longer than any server
//! here takes for its answer, and takes longer at one time than at another. So each CPU has something to do that
//! runs only when nothing else does (`SCHED_IDLE`, sched(7)).

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use anyhow::Result;

use crate::system::Cpus;

/// One busy process on each CPU; dropping it ends them.
#[derive(Debug)]
pub(crate) struct Awake(Vec<Child>);

impl Awake {
    /// Keeps both CPUs awake, if `chrt` (util-linux) is there to say that nothing else shall wait for that.
    ///
    /// # Errors
    /// When a CPU cannot be chosen, or this program cannot tell where it is.
    pub(crate) fn start(cpus: &Cpus) -> Result<Self> {
        let mut awake = Self(Vec::new());
        cpus.be_server()?;
        awake.spawn()?;
        cpus.be_client()?;
        awake.spawn()?;
        Ok(awake)
    }

    fn spawn(&mut self) -> Result<()> {
        let mut command = Command::new("chrt");
        command.args(["--idle", "0"]).arg(std::env::current_exe()?).arg("spin").stdin(Stdio::piped());
        match command.spawn() {
            Ok(child) => self.0.push(child),
            Err(error) => {
                eprintln!("» As CPUs podem adormecer, o que muda o que se mede: chrt não roda ({error})");
            }
        }
        Ok(())
    }
}

impl Drop for Awake {
    fn drop(&mut self) {
        for child in &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Is busy until stdin ends, as it does when the one who started this is gone, however it went.
///
/// # Errors
/// When stdin cannot be read.
pub(crate) fn spin() -> Result<()> {
    let ended = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !ended.load(Relaxed) {
                std::hint::spin_loop();
            }
        });
        let read = std::io::stdin().read_to_end(&mut Vec::new());
        ended.store(true, Relaxed);
        read
    })?;
    Ok(())
}
