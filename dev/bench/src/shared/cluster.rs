//! A cluster of three members of etcd, whose writes reach the disk.

use std::fs::File;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use etcd_client::Client;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

/// How long the cluster may take to have a leader.
const START: Duration = Duration::from_secs(30);

/// Three members; dropping it ends them.
pub(super) struct Cluster {
    members: Vec<Child>,
    clients: [SocketAddr; 3],
    runtime: Runtime,
    client: Client,
    _folder: TempDir,
}

impl Cluster {
    /// Starts a cluster with its data in `out`.
    ///
    /// # Errors
    /// When there is no `etcd`, or it has no leader soon.
    pub(super) fn start(out: &Path) -> Result<Self> {
        let folder = tempfile::tempdir_in(out)?;
        let (clients, peers): ([_; 3], [_; 3]) = (free_addresses()?, free_addresses()?);
        let names = ["a", "b", "c"];
        let cluster = names.iter().zip(peers).map(|(name, peer)| format!("{name}=http://{peer}"));
        let cluster = cluster.collect::<Vec<_>>().join(",");
        let members = (0..3).map(|number| {
            let (client, peer) = (format!("http://{}", clients[number]), format!("http://{}", peers[number]));
            let log = File::create(folder.path().join(format!("{number}.log")))?;
            let mut command = Command::new("etcd");
            command.arg("--data-dir").arg(folder.path().join(names[number]));
            command.args(["--name", names[number], "--initial-cluster", &cluster]);
            command.args(["--listen-client-urls", &client, "--advertise-client-urls", &client]);
            command.args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer]);
            command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
            command.spawn().context("etcd cannot be started; Debian's package is etcd-server")
        });
        let members = members.collect::<Result<Vec<_>>>()?;
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let client = runtime.block_on(Client::connect([format!("http://{}", clients[0])], None))?;
        let mut cluster = Self { members, clients, runtime, client, _folder: folder };
        let began = Instant::now();
        while cluster.write().is_err() {
            ensure!(began.elapsed() < START, "etcd has no leader after {START:?}");
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(cluster)
    }

    /// The address of a queue, for the server of this number: each begins with another member.
    pub(super) fn queue(&self, name: &str, number: usize) -> String {
        let mut clients = self.clients.map(|client| client.to_string());
        clients.rotate_left(number);
        format!("etcd://{}/{name}?ttl=10s&server={number}", clients.join(","))
    }

    /// Writes one key, and tells how long that took.
    ///
    /// # Errors
    /// When etcd does not take it.
    pub(super) fn write(&mut self) -> Result<Duration> {
        let began = Instant::now();
        self.runtime.block_on(self.client.put("bench", "", None))?;
        Ok(began.elapsed())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for member in &mut self.members {
            let _ = member.kill();
            let _ = member.wait();
        }
    }
}

/// Ports that were free just now: etcd cannot tell which it was given.
pub(super) fn free_addresses<const COUNT: usize>() -> Result<[SocketAddr; COUNT]> {
    let listeners: Vec<TcpListener> =
        (0..COUNT).map(|_| TcpListener::bind("127.0.0.1:0")).collect::<Result<_, _>>()?;
    let mut addresses = listeners.iter().map(TcpListener::local_addr);
    Ok(std::array::from_fn(|_| addresses.next().and_then(Result::ok).unwrap_or(([127, 0, 0, 1], 0).into())))
}
