//! The example's HAProxy before three servers.

use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio::time::sleep;

use super::server_with;
use crate::common::etcd::{Etcd, name};
use crate::common::{Tcp, TestServer, WebSocket, wait_for_ready, within};

/// The example, which names no place of this machine.
const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/several-servers/haproxy.cfg");

/// Ends with its test.
struct Proxy(Child);

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The example with the servers of this test, at these addresses.
fn configuration(servers: &[TestServer], page: SocketAddr, raw: SocketAddr) -> String {
    let mut text = std::fs::read_to_string(EXAMPLE).unwrap();
    let mut replace = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    };
    replace("bind :80\n", &format!("bind {page}\n"));
    replace("bind :65432", &format!("bind {raw}"));
    for (number, server) in (1..).zip(servers) {
        let (tcp, http) = (server.tcp, server.http);
        replace(&format!("10.0.0.{number}:8080"), &http.to_string());
        replace(&format!("10.0.0.{number}:65432"), &format!("{tcp} port {}", http.port()));
    }
    text
}

#[tokio::test]
async fn the_example_of_three_machines_is_one_queue_behind_one_address() {
    let etcd = Etcd::start().await;
    let queue = etcd.queue(&name(), 0);
    let mut servers = Vec::new();
    for _ in 0..3 {
        servers.push(
            server_with(&queue, |options| options.access.allow_host = vec!["vez.example".into()]).await,
        );
    }
    let ports = [TcpListener::bind("127.0.0.1:0").unwrap(), TcpListener::bind("127.0.0.1:0").unwrap()];
    let [page, raw] = ports.map(|port| port.local_addr().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("haproxy.cfg");
    std::fs::write(&file, configuration(&servers, page, raw)).unwrap();
    let mut command = Command::new("haproxy");
    command.env("PATH", format!("{}:/usr/sbin", std::env::var("PATH").unwrap()));
    command.args(["-db", "-f"]).arg(&file).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let Ok(proxy) = command.spawn() else {
        eprintln!("skipped: haproxy is not installed");
        return;
    };
    let _proxy = Proxy(proxy);
    within("the proxy", async {
        while tokio::net::TcpStream::connect(page).await.is_err() {
            sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    wait_for_ready(page, 200).await;

    let mut holder = Tcp::connect(raw).await;
    holder.send("oi\n").await;
    holder.expect("Servidor recebeu: 'oi'\n").await;
    let mut waiting = Vec::new();
    for place in 1..=3 {
        let mut client = WebSocket::connect(page, true).await;
        client.expect_place(place).await;
        waiting.push(client);
    }
    // Each server sees for itself who waits at the others.
    for server in &servers {
        server.await_waiting(3).await;
    }
    holder.send("sair\n").await;
    holder.expect("Servidor: Desconectando...\n").await;
    for mut client in waiting {
        client.say("sou eu").await;
        client.expect_reply("Servidor recebeu: 'sou eu'").await;
        // Else its seat would be kept for a while.
        client.say("sair").await;
    }
}
