//! An etcd for the tests, which ends with them.

use std::{
    fs,
    net::{SocketAddr, TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};

use crate::project::Project;

/// How long etcd may take to start.
const START: Duration = Duration::from_secs(30);

/// One member; dropping it ends it.
pub(crate) struct Etcd {
    child: Child,
    client: SocketAddr,
    data: PathBuf,
}

impl Etcd {
    /// Starts etcd on free loopback ports, with its data in Cargo's target folder.
    ///
    /// # Errors
    /// When it cannot be started.
    pub(crate) fn start(project: &Project) -> Result<Self> {
        let data = project.target.join(format!("etcd-{}", std::process::id()));
        let (client, peer) = (free_address()?, free_address()?);
        let (client_url, peer_url) = (format!("http://{client}"), format!("http://{peer}"));
        let mut command = Command::new("etcd");
        command.arg("--data-dir").arg(&data);
        command.args(["--listen-client-urls", &client_url, "--advertise-client-urls", &client_url]);
        command.args(["--listen-peer-urls", &peer_url, "--initial-advertise-peer-urls", &peer_url]);
        command.args(["--initial-cluster", &format!("default={peer_url}")]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().context("não foi possível iniciar etcd")?;
        let mut etcd = Self { child, client, data };
        let began = Instant::now();
        while TcpStream::connect(client).is_err() {
            let ended = etcd.child.try_wait()?;
            ensure!(
                ended.is_none() && began.elapsed() < START,
                "etcd não começou a servir em {client} ({ended:?})"
            );
            sleep(Duration::from_millis(50));
        }
        Ok(etcd)
    }

    /// Where it is, as the tests are told.
    pub(crate) fn url(&self) -> String {
        format!("etcd://{}", self.client)
    }
}

impl Drop for Etcd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.data);
    }
}

fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}
