//! Three members of etcd, which can be killed, started again, and slowed down.

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use base64::prelude::{BASE64_STANDARD, Engine};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

/// How long a member may take to serve.
const START: Duration = Duration::from_secs(60);

/// How long a member may take to answer.
const ANSWER: Duration = Duration::from_secs(5);

/// A cluster; dropping it ends it.
pub(super) struct Etcd {
    members: Vec<Member>,
    cluster: String,
    _folder: TempDir,
}

struct Member {
    child: Child,
    client: SocketAddr,
    peer: SocketAddr,
    data: PathBuf,
}

impl Etcd {
    /// Starts three members and waits until they have a leader.
    ///
    /// # Errors
    /// When there is no `etcd`, or it does not serve.
    pub(super) async fn start() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let addresses = free_addresses(6)?;
        let (clients, peers) = addresses.split_at(3);
        let cluster = peers.iter().enumerate().map(|(number, peer)| format!("{number}=http://{peer}"));
        let cluster = cluster.collect::<Vec<_>>().join(",");
        let members = (0..3).map(|number| {
            let (client, peer, data) =
                (clients[number], peers[number], folder.path().join(number.to_string()));
            Ok(Member { child: spawn(number, client, peer, &cluster, &data)?, client, peer, data })
        });
        let members = members.collect::<Result<_>>()?;
        let etcd = Self { members, cluster, _folder: folder };
        etcd.await_healthy().await?;
        Ok(etcd)
    }

    /// Where the members are spoken to.
    pub(super) fn addresses(&self) -> Vec<SocketAddr> {
        self.members.iter().map(|member| member.client).collect()
    }

    /// The member that leads, if one says so.
    pub(super) async fn leader(&self) -> Option<usize> {
        for (number, member) in self.members.iter().enumerate() {
            let Ok(status) = ask(member.client, "/v3/maintenance/status", "{}").await else { continue };
            let own = field(&status, "member_id");
            if own.is_some() && own == field(&status, "leader") {
                return Some(number);
            }
        }
        None
    }

    /// How many keys begin so.
    ///
    /// # Errors
    /// When nobody says.
    pub(super) async fn count(&self, prefix: &str) -> Result<u64> {
        // The end of the range: its last character is a slash, which has a successor.
        let end = format!("{}0", prefix.trim_end_matches('/'));
        let body = format!(
            r#"{{"key":"{}","range_end":"{}","count_only":true}}"#,
            BASE64_STANDARD.encode(prefix),
            BASE64_STANDARD.encode(end)
        );
        let answer = ask(self.members[0].client, "/v3/kv/range", &body).await?;
        ensure!(answer.contains("\"header\""), "etcd answers {answer}");
        Ok(field(&answer, "count").and_then(|count| count.parse().ok()).unwrap_or(0))
    }

    /// Kills a member.
    ///
    /// # Errors
    /// When the system does not let it.
    pub(super) fn kill(&mut self, number: usize) -> Result<()> {
        let child = &mut self.members[number].child;
        child.kill()?;
        child.wait()?;
        Ok(())
    }

    /// Starts those that were killed, with their data, and waits until all serve.
    ///
    /// # Errors
    /// When one does not.
    pub(super) async fn mend(&mut self) -> Result<()> {
        for (number, member) in self.members.iter_mut().enumerate() {
            if member.child.try_wait()?.is_some() {
                member.child = spawn(number, member.client, member.peer, &self.cluster, &member.data)?;
            }
        }
        self.await_healthy().await
    }

    /// Stops all members, or lets them go on.
    ///
    /// # Errors
    /// When the system does not let it.
    pub(super) fn stop(&self, stop: bool) -> Result<()> {
        let signal = if stop { Signal::STOP } else { Signal::CONT };
        for member in &self.members {
            kill_process(Pid::from_child(&member.child), signal)?;
        }
        Ok(())
    }

    /// Has every flush to the disk of every member take so much longer, until the result is dropped; `None` where strace
    /// cannot be had.
    pub(super) fn slow_disk(&self, by: Duration) -> Option<Slow> {
        let inject = format!("inject=fdatasync,fsync:delay_enter={}", by.as_micros());
        let tracers = self.members.iter().map(|member| {
            let mut command = Command::new("strace");
            command.args(["-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync,fsync", "-e", &inject]);
            command.args(["-p", &member.child.id().to_string()]);
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()
        });
        tracers.collect::<Result<_, _>>().ok().map(Slow)
    }

    async fn await_healthy(&self) -> Result<()> {
        let end = Instant::now() + START;
        for member in &self.members {
            while !get(member.client, "/health").await.is_ok_and(|text| text.contains(r#""health":"true""#)) {
                ensure!(Instant::now() < end, "etcd não serve em {}", member.client);
                sleep(Duration::from_millis(50)).await;
            }
        }
        Ok(())
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

/// Slows etcd down; dropping it lets it go.
pub(super) struct Slow(Vec<Child>);

impl Slow {
    /// Whether it does: strace may not be allowed to.
    pub(super) fn works(&mut self) -> bool {
        self.0.iter_mut().all(|tracer| matches!(tracer.try_wait(), Ok(None)))
    }
}

impl Drop for Slow {
    fn drop(&mut self) {
        for tracer in &mut self.0 {
            // Told so, strace lets go of the member before it ends.
            let _ = kill_process(Pid::from_child(tracer), Signal::INT);
            let _ = tracer.wait();
        }
    }
}

fn spawn(
    number: usize,
    client: SocketAddr,
    peer: SocketAddr,
    cluster: &str,
    data: &PathBuf,
) -> Result<Child> {
    let (client, peer) = (format!("http://{client}"), format!("http://{peer}"));
    let mut command = Command::new("etcd");
    command.arg("--data-dir").arg(data).args(["--name", &number.to_string(), "--initial-cluster", cluster]);
    command.args(["--listen-client-urls", &client, "--advertise-client-urls", &client]);
    command.args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().context("não foi possível iniciar etcd (Debian: etcd-server)")
}

/// Ports that were free just now: neither etcd nor a server that is started again can be given any.
pub(super) fn free_addresses(count: usize) -> Result<Vec<SocketAddr>> {
    let ports: Vec<TcpListener> =
        (0..count).map(|_| TcpListener::bind("127.0.0.1:0")).collect::<Result<_, _>>()?;
    Ok(ports.iter().map(TcpListener::local_addr).collect::<Result<_, _>>()?)
}

async fn ask(address: SocketAddr, path: &str, body: &str) -> Result<String> {
    let length = body.len();
    request(address, &format!("POST {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"))
        .await
}

/// What an HTTP server says.
///
/// # Errors
/// When it says nothing.
pub(super) async fn get(address: SocketAddr, path: &str) -> Result<String> {
    request(address, &format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")).await
}

async fn request(address: SocketAddr, request: &str) -> Result<String> {
    let asking = async {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        Ok::<_, anyhow::Error>(answer)
    };
    timeout(ANSWER, asking).await.context("no answer")?
}

/// The value of a field of etcd's JSON, whose numbers are in quotes.
fn field(json: &str, name: &str) -> Option<String> {
    let (_, rest) = json.split_once(&format!("\"{name}\":\""))?;
    rest.split_once('"').map(|(value, _)| value.to_owned())
}
