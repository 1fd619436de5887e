//! A real etcd, of one member or three, that ends with its test.

use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use etcd_client::{Client, GetOptions};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::time::{Duration, sleep};

use super::{http, within};

/// The members of a cluster, each in a process of its own.
pub(crate) struct Etcd {
    members: Vec<Member>,
    /// What every member is told of all.
    cluster: String,
    _folder: TempDir,
}

struct Member {
    child: Child,
    client: SocketAddr,
    peer: SocketAddr,
    data: std::path::PathBuf,
}

impl Etcd {
    /// One member.
    pub(crate) async fn start() -> Self {
        Self::start_members(1).await
    }

    /// So many members, which have a leader.
    pub(crate) async fn start_members(count: usize) -> Self {
        loop {
            let mut etcd = Self::spawn(count);
            if etcd.runs().await {
                return etcd;
            }
            // Another test took a port in the short while in which it was free.
        }
    }

    fn spawn(count: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ports: Vec<TcpListener> =
            (0..2 * count).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
        let addresses: Vec<SocketAddr> = ports.iter().map(|port| port.local_addr().unwrap()).collect();
        drop(ports);
        let (clients, peers) = addresses.split_at(count);
        let name = |(number, peer)| format!("{number}=http://{peer}");
        let cluster = peers.iter().enumerate().map(name).collect::<Vec<_>>().join(",");
        let member = |(number, (client, peer)): (usize, (&SocketAddr, &SocketAddr))| {
            let data = folder.path().join(number.to_string());
            let child = spawn(number, *client, *peer, &cluster, &data);
            Member { child, client: *client, peer: *peer, data }
        };
        let members = clients.iter().zip(peers).enumerate().map(member).collect();
        Self { members, cluster, _folder: folder }
    }

    /// Waits until every member serves; false when one ended instead.
    async fn runs(&mut self) -> bool {
        for member in &mut self.members {
            while !healthy(member.client).await {
                if member.child.try_wait().unwrap().is_some() {
                    return false;
                }
                sleep(Duration::from_millis(20)).await;
            }
        }
        true
    }

    /// The address of a queue, whose servers begin with the member of this number.
    pub(crate) fn queue(&self, name: &str, first: usize) -> String {
        let mut members: Vec<String> = self.members.iter().map(|member| member.client.to_string()).collect();
        members.rotate_left(first);
        format!("etcd://{}/{name}?ttl=2s", members.join(","))
    }

    /// A client of the first member.
    pub(crate) async fn client(&self) -> Client {
        within("etcd", Client::connect([self.members[0].client.to_string()], None)).await.unwrap()
    }

    /// The keys of a queue, in order.
    pub(crate) async fn keys(&self, name: &str) -> Vec<String> {
        let options = GetOptions::new().with_prefix().with_keys_only();
        let found = self.client().await.get(format!("{name}/"), Some(options)).await.unwrap();
        found.kvs().iter().map(|kv| kv.key_str().unwrap().to_owned()).collect()
    }

    /// How many leases there are.
    pub(crate) async fn leases(&self) -> usize {
        self.client().await.leases().await.unwrap().leases().len()
    }

    /// Waits until a queue has so many keys.
    pub(crate) async fn wait_for_keys(&self, name: &str, count: usize) {
        let found = async {
            while self.keys(name).await.len() != count {
                sleep(Duration::from_millis(20)).await;
            }
        };
        within("keys", found).await;
    }

    /// The number of the member that leads.
    pub(crate) async fn leader(&self) -> usize {
        for (number, member) in self.members.iter().enumerate() {
            let mut client = Client::connect([member.client.to_string()], None).await.unwrap();
            let status = client.status().await.unwrap();
            if status.header().unwrap().member_id() == status.leader() {
                return number;
            }
        }
        panic!("the cluster has no leader")
    }

    /// Kills a member, which loses nothing but its memory.
    pub(crate) fn kill(&mut self, number: usize) {
        let child = &mut self.members[number].child;
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Starts a member that was killed, with its data.
    pub(crate) async fn restart(&mut self, number: usize) {
        let cluster = &self.cluster;
        let Member { child, client, peer, data } = &mut self.members[number];
        let again = async {
            while !healthy(*client).await {
                if child.try_wait().unwrap().is_some() {
                    *child = spawn(number, *client, *peer, cluster, data);
                }
                sleep(Duration::from_millis(20)).await;
            }
        };
        within("etcd", again).await;
    }

    /// Sends every member a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        for member in &self.members {
            kill_process(Pid::from_child(&member.child), signal).unwrap();
        }
    }
}

impl Drop for Etcd {
    fn drop(&mut self) {
        for member in &mut self.members {
            let _ = member.child.kill();
            let _ = member.child.wait();
        }
    }
}

/// Has a server share its queue with nobody in the etcd that VEZ_TEST_QUEUE names, if it does: the tests of the queue in
/// one process hold of that too.
pub(crate) fn share(options: &mut vez_server::Options) {
    if let Ok(etcd) = std::env::var("VEZ_TEST_QUEUE") {
        options.queue.queue = format!("{etcd}/{}-{}?ttl=10s", std::process::id(), name()).parse().unwrap();
    }
}

/// A name for a queue that no other test has.
pub(crate) fn name() -> String {
    static LATEST: AtomicU32 = AtomicU32::new(0);
    format!("fila-{}", LATEST.fetch_add(1, Relaxed))
}

fn spawn(
    number: usize,
    client: SocketAddr,
    peer: SocketAddr,
    cluster: &str,
    data: &std::path::Path,
) -> Child {
    let (client, peer) = (format!("http://{client}"), format!("http://{peer}"));
    let mut command = Command::new("etcd");
    command.arg("--data-dir").arg(data).args(["--name", &number.to_string(), "--initial-cluster", cluster]);
    command.args(["--listen-client-urls", &client, "--advertise-client-urls", &client]);
    command.args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().expect("etcd can be started (Debian: etcd-server)")
}

/// Whether a member serves and has a leader.
async fn healthy(client: SocketAddr) -> bool {
    if tokio::net::TcpStream::connect(client).await.is_err() {
        return false;
    }
    let request = format!("GET /health HTTP/1.1\r\nhost: {client}\r\nconnection: close\r\n\r\n");
    http(client, &request).await.contains(r#""health":"true""#)
}
