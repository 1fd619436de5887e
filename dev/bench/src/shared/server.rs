//! One of the servers that share the queue.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

use super::cluster::{Cluster, free_addresses};
use crate::options::Shared;

/// How many servers there are.
const SERVERS: usize = 3;

/// How long a server may take to start.
const START: Duration = Duration::from_secs(20);

/// A running server; dropping it ends it.
pub(super) struct Server {
    child: Child,
    pub(super) tcp: SocketAddr,
    pub(super) http: SocketAddr,
    metrics: SocketAddr,
    _folder: TempDir,
}

/// What servers did, summed or for each of something.
pub(super) struct Counts {
    pub(super) writes: f64,
    pub(super) events: f64,
}

impl Server {
    /// Starts the servers of a queue of this name.
    ///
    /// # Errors
    /// When one cannot be started, or does not reach the queue.
    pub(super) fn start_all(options: &Shared, cluster: &Cluster, name: &str) -> Result<Vec<Self>> {
        let servers = (0..SERVERS).map(|number| Self::start(options, &cluster.queue(name, number)));
        let mut servers = servers.collect::<Result<Vec<_>>>()?;
        servers.iter_mut().try_for_each(Self::await_ready)?;
        Ok(servers)
    }

    fn start(options: &Shared, queue: &str) -> Result<Self> {
        let [tcp, http, metrics] = free_addresses()?;
        let folder = tempfile::tempdir_in(&options.out)?;
        let mut command = Command::new(&options.server);
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("VEZ_")) {
            command.env_remove(name);
        }
        for (option, address) in [("--tcp", tcp), ("--http", http), ("--metrics", metrics)] {
            command.arg(option).arg(address.to_string());
        }
        command.args(["--queue", queue, "--queue-length", "20000", "--connections", "20000", "--ping", "1h"]);
        command.stdin(Stdio::null());
        command.stdout(File::create(folder.path().join("stdout"))?);
        command.stderr(File::create(folder.path().join("stderr"))?);
        let child = command.spawn().context("the server cannot be started")?;
        Ok(Self { child, tcp, http, metrics, _folder: folder })
    }

    pub(super) fn process(&self) -> u32 {
        self.child.id()
    }

    fn await_ready(&mut self) -> Result<()> {
        let began = Instant::now();
        while !get(self.http, "/readyz").is_ok_and(|answer| answer.starts_with("HTTP/1.1 200 ")) {
            let ended = self.child.try_wait()?;
            ensure!(ended.is_none(), "a server ended at once: was it built with --features etcd?");
            ensure!(began.elapsed() < START, "a server does not reach the queue");
            std::thread::sleep(Duration::from_millis(10));
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

impl Counts {
    /// What all servers did so far.
    pub(super) fn of(servers: &[Server]) -> Result<Self> {
        let mut sum = Self { writes: 0.0, events: 0.0 };
        for server in servers {
            let text = get(server.metrics, "/metrics")?;
            let count = |name: &str| {
                let line =
                    text.lines().find_map(|line| line.strip_prefix(name)).context("a metric is missing")?;
                Ok::<_, anyhow::Error>(line.trim().parse::<f64>()?)
            };
            sum.writes += count("vez_etcd_writes_total ")?;
            sum.events += count("vez_etcd_events_total ")?;
        }
        Ok(sum)
    }

    /// What was done since `before`, for each of so many.
    pub(super) fn since(&self, before: &Self, each: usize) -> Self {
        let each = each as f64;
        Self { writes: (self.writes - before.writes) / each, events: (self.events - before.events) / each }
    }
}

fn get(address: SocketAddr, path: &str) -> Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(START))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut response = String::new();
    stream.read_to_string(&mut response)?;
    Ok(response)
}
