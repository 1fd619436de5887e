//! A server in a process of its own, or in two.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use crate::client::Client;
use crate::options::Options;
use crate::subject::Subject;
use crate::system::{self, Cpus, Memory};
use crate::transcript::{Count, Transcript};
use crate::wire::{Transport, Wire};

/// How long a server may take to start.
const START: Duration = Duration::from_secs(20);

/// A running server; dropping it ends it.
#[derive(Debug)]
pub(crate) struct Running {
    children: Vec<Child>,
    pub(crate) subject: Subject,
    /// Where it is spoken to.
    pub(crate) address: SocketAddr,
    /// Vez's other address.
    other: SocketAddr,
    /// From the start of the process to its first answer.
    pub(crate) start_up: Duration,
    /// Messages answered since the last count of the transcript.
    answered: Arc<AtomicU64>,
    /// What Vez prints.
    transcript: Option<Transcript>,
    /// Holds what it prints, on the disk on which the results are: much of it does not fit everywhere.
    _folder: TempDir,
}

impl Running {
    /// Starts `subject` on the servers' CPU and has it answer a first message.
    ///
    /// # Errors
    /// When it cannot be started or does not answer.
    pub(crate) fn start(subject: Subject, options: &Options, cpus: &Cpus) -> Result<Self> {
        let (address, other) = free_addresses()?;
        let mut commands = subject.commands(options, address.port(), other.port())?;
        let folder = tempfile::tempdir_in(&options.out)?;
        for (number, command) in commands.iter_mut().enumerate() {
            prepare(command, &folder.path().join(number.to_string()))?;
        }
        let transcript = subject.has_transcript().then(|| Transcript::open(&folder.path().join("0.stdout")));
        let mut running = Self {
            children: Vec::with_capacity(commands.len()),
            subject,
            address,
            other,
            start_up: START,
            answered: Arc::default(),
            transcript: transcript.transpose()?,
            _folder: folder,
        };
        match subject {
            // Three processes that share two CPUs go where the system puts them, as they do elsewhere.
            Subject::Between(_) => cpus.be_free()?,
            _ => cpus.be_server()?,
        }
        let began = Instant::now();
        for mut command in commands {
            let spawned = command.spawn();
            running.children.push(spawned.with_context(|| format!("{subject} cannot be started"))?);
        }
        if !matches!(subject, Subject::Between(_)) {
            cpus.be_client()?;
        }
        running.await_answer(began)?;
        Ok(running)
    }

    /// CPU time so far, in nanoseconds.
    ///
    /// # Errors
    /// When the server is gone.
    pub(crate) fn cpu(&self) -> Result<u64> {
        self.children.iter().map(|child| system::cpu(child.id())).sum()
    }

    /// What it has in memory.
    ///
    /// # Errors
    /// When the server is gone.
    pub(crate) fn memory(&self) -> Result<Memory> {
        self.children.iter().map(|child| system::memory(child.id())).sum()
    }

    /// The CPU time so far of what is between a client and what is behind, and of its children, in nanoseconds.
    ///
    /// # Errors
    /// When it is gone.
    pub(crate) fn cpu_between(&self) -> Result<u64> {
        self.children.last().map_or(Ok(0), |child| system::cpu_of_family(child.id()))
    }

    /// What this has in memory.
    ///
    /// # Errors
    /// When it is gone.
    pub(crate) fn memory_between(&self) -> Result<Memory> {
        self.children.last().map_or(Ok(Memory::default()), |child| system::memory(child.id()))
    }

    /// Its conversation with messages of `size` bytes.
    ///
    /// # Errors
    /// None in practice.
    pub(crate) fn wire(&self, size: usize) -> Result<Wire> {
        Wire::new(self.subject.transport(), self.subject.answer(), size)
    }

    /// A client of it.
    ///
    /// # Errors
    /// When it does not take one.
    pub(crate) fn connect(&self) -> Result<Client> {
        Client::connect(self.address, self.subject.transport(), &self.answered)
    }

    /// A client of Vez that speaks `vez.v1`.
    ///
    /// # Errors
    /// When it does not take one.
    pub(crate) fn connect_events(&self) -> Result<Client> {
        Client::connect(self.http(), Transport::Events, &self.answered)
    }

    /// The transcript beside the messages answered since the last count; `None` of a server that has none.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn count_transcript(&mut self) -> Result<Option<Count>> {
        let answered = self.answered.swap(0, Relaxed);
        Ok(self.transcript.as_mut().map(|transcript| transcript.count(answered)).transpose()?)
    }

    /// Where Vez serves HTTP.
    pub(crate) fn http(&self) -> SocketAddr {
        if self.subject.transport() == Transport::Tcp { self.other } else { self.address }
    }

    fn await_answer(&mut self, began: Instant) -> Result<()> {
        let wire = self.wire(32)?;
        loop {
            // One who is there before the server behind it answers nothing yet.
            if self.connect().is_ok_and(|mut client| client.exchange(&wire).is_ok()) {
                self.start_up = began.elapsed();
                return Ok(());
            }
            for child in &mut self.children {
                if let Some(status) = child.try_wait()? {
                    bail!("{} ended at once ({status})", self.subject);
                }
            }
            if began.elapsed() > START {
                bail!("{} does not answer", self.subject);
            }
            std::thread::sleep(Duration::from_micros(50));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        for child in &mut self.children {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Has a server print into files beside `path`, and know nothing of how this program was started.
fn prepare(command: &mut Command, path: &Path) -> Result<()> {
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("VEZ_")) {
        command.env_remove(name);
    }
    command.stdin(Stdio::null());
    command.stdout(File::create(path.with_extension("stdout"))?);
    command.stderr(File::create(path.with_extension("stderr"))?);
    Ok(())
}

/// Two ports that were free just now: some servers cannot tell which they were given.
fn free_addresses() -> Result<(SocketAddr, SocketAddr)> {
    let bind = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    let (first, second) = (bind()?, bind()?);
    Ok((first.local_addr()?, second.local_addr()?))
}
