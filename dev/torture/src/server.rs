//! The server under torture: the real binary, in a process of its own.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

use crate::observation::Observation;
use crate::platform;
use crate::transcript;

/// Times so short that who never speaks, reads or answers does not hold up the storm for long.
const OPTIONS: [&str; 14] = [
    "--tcp=127.0.0.1:0",
    "--http=127.0.0.1:0",
    "--idle-limit=800ms",
    "--turn-limit=2s",
    "--warn-before=100ms",
    "--ping=1s",
    "--pong-wait=1s",
    "--gone=5s",
    "--write-limit=500ms",
    "--linger=1s",
    "--drain=1s",
    "--header-time=1s",
    "--kept-bytes=32KiB",
    "--grace=300ms",
];

/// How long the server may take to end.
const END: Duration = Duration::from_secs(10);

/// A running server; dropping it ends it.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    pub(crate) tcp: SocketAddr,
    pub(crate) http: SocketAddr,
    /// Reads the transcript.
    reader: Option<JoinHandle<()>>,
    /// Holds the server's log.
    folder: TempDir,
}

impl Server {
    /// Starts `program` on free ports, for up to `queue` who wait, with the options of its `responder`, and has its transcript read.
    ///
    /// # Errors
    /// When it does not start.
    pub(crate) fn start(
        program: &Path,
        responder: &[String],
        queue: u32,
        observations: mpsc::Sender<Observation>,
    ) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let mut command = Command::new(program);
        command.args(OPTIONS).args(["--queue-length", &queue.to_string()]).args(responder);
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("VEZ_")) {
            command.env_remove(name);
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(File::create(folder.path().join("log"))?);
        let mut child = command.spawn().with_context(|| format!("{}", program.display()))?;
        let mut output = BufReader::new(child.stdout.take().context("stdout is a pipe")?);
        let Ok((tcp, http)) = addresses(&mut output) else {
            child.kill()?;
            bail!(
                "{} did not start: {}",
                program.display(),
                std::fs::read_to_string(folder.path().join("log"))?
            );
        };
        let reader = std::thread::spawn(move || transcript::read(output, &observations));
        Ok(Self { child, tcp, http, reader: Some(reader), folder })
    }

    /// The process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Asks the server to end, and waits until it has; the error is what it did wrong.
    pub(crate) async fn end(&mut self) -> Result<()> {
        if let Some(status) = self.child.try_wait()? {
            bail!("o servidor terminou antes da hora ({status}): {}", self.last_log_lines());
        }
        let orderly = platform::terminate(&mut self.child)?;
        let Some(status) = self.wait().await? else { bail!("o servidor não terminou em {END:?}") };
        if orderly && !status.success() {
            bail!("o servidor terminou com {status}: {}", self.last_log_lines());
        }
        if let Some(reader) = self.reader.take() {
            let _ = tokio::task::spawn_blocking(move || reader.join()).await;
        }
        if self.log().contains("panicked at") {
            bail!("o servidor entrou em pânico: {}", self.last_log_lines());
        }
        Ok(())
    }

    /// Ends the server at once; the error is that it had ended already.
    pub(crate) fn kill(&mut self) -> Result<()> {
        if let Some(status) = self.child.try_wait()? {
            bail!("o servidor terminou antes da hora ({status}): {}", self.last_log_lines());
        }
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    async fn wait(&mut self) -> Result<Option<ExitStatus>> {
        let end = Instant::now() + END;
        while Instant::now() < end {
            if let Some(status) = self.child.try_wait()? {
                return Ok(Some(status));
            }
            sleep(Duration::from_millis(20)).await;
        }
        Ok(None)
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    fn last_log_lines(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(5)..].join("\n")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It has ended already, unless the run was broken off.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where the server listens, from the first lines of its transcript.
fn addresses(output: &mut BufReader<ChildStdout>) -> Result<(SocketAddr, SocketAddr)> {
    let mut line = || {
        let mut line = String::new();
        output.read_line(&mut line).map(|_| line)
    };
    line()?;
    let (tcp, page) = (line()?, line()?);
    let tcp = tcp.trim_end().strip_prefix("Servidor escutando em ").context("no TCP address")?;
    let (_, http) = page.trim_end().split_once("http://").context("no HTTP address")?;
    Ok((tcp.parse()?, http.trim_end_matches('/').parse()?))
}
