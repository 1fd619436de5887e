//! A server in a process of its own.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use crate::client::Client;
use crate::subject::Subject;
use crate::system::{self, Cpus, Memory};
use crate::wire::{Transport, Wire};

/// How long a server may take to start.
const START: Duration = Duration::from_secs(20);

/// A running server; dropping it ends it.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    pub(crate) subject: Subject,
    /// Where it is spoken to.
    pub(crate) address: SocketAddr,
    /// Vez's other address.
    other: SocketAddr,
    /// From the start of the process to its first answer.
    pub(crate) start_up: Duration,
    /// Holds what it prints.
    _folder: TempDir,
}

impl Running {
    /// Starts `subject` on the servers' CPU and has it answer a first message.
    ///
    /// # Errors
    /// When it cannot be started or does not answer.
    pub(crate) fn start(subject: Subject, server: &Path, cpus: &Cpus) -> Result<Self> {
        let (address, other) = free_addresses()?;
        let folder = tempfile::tempdir()?;
        let mut command = subject.command(server, address.port(), other.port())?;
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("VEZ_")) {
            command.env_remove(name);
        }
        command.stdin(Stdio::null());
        command.stdout(File::create(folder.path().join("stdout"))?);
        command.stderr(File::create(folder.path().join("stderr"))?);
        cpus.be_server()?;
        let began = Instant::now();
        let spawned = command.spawn();
        cpus.be_client()?;
        let child = spawned.with_context(|| format!("{subject} cannot be started"))?;
        let mut running = Self { child, subject, address, other, start_up: START, _folder: folder };
        running.await_answer(began)?;
        Ok(running)
    }

    /// CPU time so far, in nanoseconds.
    ///
    /// # Errors
    /// When the server is gone.
    pub(crate) fn cpu(&self) -> Result<u64> {
        system::cpu(self.child.id())
    }

    /// What it has in memory.
    ///
    /// # Errors
    /// When the server is gone.
    pub(crate) fn memory(&self) -> Result<Memory> {
        system::memory(self.child.id())
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
        Client::connect(self.address, self.subject.transport())
    }

    /// Where Vez serves HTTP.
    pub(crate) fn http(&self) -> SocketAddr {
        if self.subject.transport() == Transport::Tcp { self.other } else { self.address }
    }

    fn await_answer(&mut self, began: Instant) -> Result<()> {
        let wire = self.wire(32)?;
        loop {
            if let Ok(mut client) = self.connect() {
                client.exchange(&wire)?;
                self.start_up = began.elapsed();
                return Ok(());
            }
            if let Some(status) = self.child.try_wait()? {
                bail!("{} ended at once ({status})", self.subject);
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
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Two ports that were free just now: some servers cannot tell which they were given.
fn free_addresses() -> Result<(SocketAddr, SocketAddr)> {
    let bind = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    let (first, second) = (bind()?, bind()?);
    Ok((first.local_addr()?, second.local_addr()?))
}
