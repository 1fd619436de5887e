//! The servers that share the queue, each with a gate before etcd, and what is behind all of them.

use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep};

use super::etcd::{free_addresses, get};
use super::gate::Gate;
use super::history::{Event, History};

/// How long a server may take to reach the queue.
const START: Duration = Duration::from_secs(30);

/// A server; dropping it ends it.
pub(super) struct Server {
    program: PathBuf,
    arguments: Vec<String>,
    child: Child,
    pub(super) tcp: SocketAddr,
    pub(super) http: SocketAddr,
    pub(super) gate: Gate,
    log: PathBuf,
}

impl Server {
    /// Starts a server of the queue `name`; every other one carries bytes instead of lines.
    ///
    /// # Errors
    /// When it cannot be started.
    pub(super) async fn start(
        program: &Path,
        number: usize,
        etcd: &[SocketAddr],
        queue: &str,
        behind: SocketAddr,
        folder: &TempDir,
    ) -> Result<Self> {
        let gate = Gate::before(etcd).await?;
        let addresses = free_addresses(2)?;
        let (tcp, http) = (addresses[0], addresses[1]);
        let mut members: Vec<String> = gate.addresses().iter().map(ToString::to_string).collect();
        // Each begins with another member.
        members.rotate_left(number % etcd.len());
        let framing = if number.is_multiple_of(2) { "line" } else { "raw" };
        let arguments = [
            format!("--tcp={tcp}"),
            format!("--http={http}"),
            format!("--queue=etcd://{}/{queue}&server={number}", members.join(",")),
            format!("--connect=tcp://{behind}"),
            format!("--framing={framing}"),
            "--leave-word=sair".to_owned(),
            // A client that goes with words unread may take its last one back: its place is not to outlive the storm.
            "--grace=300ms".to_owned(),
            "--retry-wait=100ms".to_owned(),
            "--linger=1s".to_owned(),
            "--drain=2s".to_owned(),
        ];
        let (program, arguments) = (program.to_owned(), arguments.to_vec());
        let log = folder.path().join(number.to_string());
        let child = spawn(&program, &arguments, &log)?;
        let server = Self { program, arguments, child, tcp, http, gate, log };
        server.await_ready().await?;
        Ok(server)
    }

    /// Kills it at once, and starts it anew at the same addresses.
    ///
    /// # Errors
    /// When it cannot be started.
    pub(super) async fn kill_and_start(&mut self, after: Duration) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        sleep(after).await;
        self.child = spawn(&self.program, &self.arguments, &self.log)?;
        self.await_ready().await
    }

    /// Stops it, or lets it go on.
    ///
    /// # Errors
    /// When it has ended.
    pub(super) fn stop(&self, stop: bool) -> Result<()> {
        let signal = if stop { Signal::STOP } else { Signal::CONT };
        Ok(kill_process(Pid::from_child(&self.child), signal)?)
    }

    /// Ends it; the error is what it did wrong.
    ///
    /// # Errors
    /// When it had ended, does not end, or has panicked.
    pub(super) async fn end(&mut self) -> Result<()> {
        let ended = self.child.try_wait()?;
        ensure!(ended.is_none(), "um servidor terminou antes da hora: {ended:?}");
        kill_process(Pid::from_child(&self.child), Signal::TERM)?;
        let end = Instant::now() + START;
        while self.child.try_wait()?.is_none() {
            ensure!(Instant::now() < end, "um servidor não terminou em {START:?}");
            sleep(Duration::from_millis(20)).await;
        }
        let log = std::fs::read_to_string(&self.log)?;
        ensure!(!log.contains("panicked at"), "um servidor entrou em pânico: {log}");
        Ok(())
    }

    /// Waits until it reaches the queue.
    ///
    /// # Errors
    /// When it does not.
    pub(super) async fn await_ready(&self) -> Result<()> {
        let end = Instant::now() + START;
        while !get(self.http, "/readyz").await.is_ok_and(|answer| answer.starts_with("HTTP/1.1 200 ")) {
            ensure!(
                Instant::now() < end,
                "um servidor não alcança a fila: foi construído com --features etcd?"
            );
            sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(program: &Path, arguments: &[String], log: &Path) -> Result<Child> {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("VEZ_")) {
        command.env_remove(name);
    }
    let log = File::options().create(true).append(true).open(log)?;
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
    command.spawn().with_context(|| format!("{}", program.display()))
}

/// Starts what is behind all servers: it writes down whose lines it gets, and says each of them back.
///
/// # Errors
/// When nothing can be bound.
pub(super) async fn start_behind(history: History) -> Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        for connection in 0.. {
            let Ok((stream, _)) = listener.accept().await else { break };
            history.saw(Event::Opened { connection });
            let history = history.clone();
            tokio::spawn(async move {
                serve(stream, &history).await;
                history.saw(Event::Closed { connection });
            });
        }
    });
    Ok(address)
}

async fn serve(mut stream: TcpStream, history: &History) {
    let (mut line, mut bytes) = (Vec::new(), [0; 4096]);
    while let Ok(read @ 1..) = stream.read(&mut bytes).await {
        for byte in &bytes[..read] {
            line.push(*byte);
            if *byte == b'\n' {
                // `c17 3` is the client 17's; whatever is none is nobody's.
                let text = String::from_utf8_lossy(&line);
                let number = text.strip_prefix('c').and_then(|rest| rest.split(' ').next()?.parse().ok());
                history.saw(Event::Line { client: number.unwrap_or(u32::MAX) });
                line.clear();
            }
        }
        if stream.write_all(&bytes[..read]).await.is_err() {
            break;
        }
    }
}
