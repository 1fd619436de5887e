//! Peers that fall silent for real: a cable that is pulled, a process that is stopped.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::AsFd;
use std::process::{Command, Stdio};
use std::thread;

use rustix::process::{Pid, Signal, kill_process};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use crate::common::binary::{Binary, command};
use crate::common::{PATIENCE, Tcp, within};

/// Two hosts joined by a cable: network namespaces and a veth pair, taken down with their test.
struct Hosts {
    server: String,
    client: String,
}

const SERVER: &str = "10.203.77.1";
const CLIENT: &str = "10.203.77.2";

fn ip(arguments: &str) {
    let output = Command::new("ip").args(arguments.split_whitespace()).output().expect("ip starts");
    assert!(output.status.success(), "ip {arguments}: {}", String::from_utf8_lossy(&output.stderr));
}

impl Hosts {
    fn new(name: &str) -> Self {
        let id = std::process::id();
        let hosts = Self { server: format!("vez-{name}-{id}-s"), client: format!("vez-{name}-{id}-c") };
        let Self { server, client } = &hosts;
        ip(&format!("netns add {server}"));
        ip(&format!("netns add {client}"));
        ip(&format!("-n {server} link add cable type veth peer name cable netns {client}"));
        for (host, address) in [(server, SERVER), (client, CLIENT)] {
            ip(&format!("-n {host} address add {address}/24 dev cable"));
            ip(&format!("-n {host} link set cable up"));
            ip(&format!("-n {host} link set lo up"));
        }
        hosts
    }

    /// Starts `vez-server` on the one host.
    fn start_server(&self, arguments: &[&str]) -> Binary {
        let inner = command(&[]);
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.server]).arg(inner.get_program());
        command.args(["--tcp", &format!("{SERVER}:0"), "--http", "127.0.0.1:0"]).args(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        Binary::spawn(command)
    }

    /// Connects from `host`, says something and reads the answer.
    fn chat(host: &str, address: SocketAddr, text: &str) -> TcpStream {
        let namespace = File::open(format!("/run/netns/{host}")).unwrap();
        let text = text.to_owned();
        // A thread of its own, as a namespace is a thread's.
        let talk = thread::spawn(move || {
            move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network)).unwrap();
            let mut stream = TcpStream::connect(address).unwrap();
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            stream.write_all(text.as_bytes()).unwrap();
            let mut reply = vec![0; format!("Servidor recebeu: '{text}'").len()];
            stream.read_exact(&mut reply).unwrap();
            stream
        });
        talk.join().unwrap()
    }

    fn pull_the_cable(&self) {
        ip(&format!("-n {} link set cable down", self.client));
    }
}

impl Drop for Hosts {
    fn drop(&mut self) {
        for host in [&self.server, &self.client] {
            let _ = Command::new("ip").args(["netns", "delete", host]).output();
        }
    }
}

/// Whether this test may make network namespaces; says so if not.
fn may_make_hosts() -> bool {
    let may = rustix::process::geteuid().is_root() && Command::new("ip").arg("-V").output().is_ok();
    if !may {
        // Past the capture of tests that pass.
        let _ = writeln!(std::io::stderr(), "skipped: network namespaces need root and iproute2");
    }
    may
}

#[test]
#[ignore = "needs root: run cargo xtask test"]
fn a_holder_whose_network_vanished_is_gone() {
    if !may_make_hosts() {
        return;
    }
    let hosts = Hosts::new("holder");
    let server = hosts.start_server(&["--gone", "2s"]);
    let _holder = Hosts::chat(&hosts.client, server.tcp, "um");
    hosts.pull_the_cable();
    let start = std::time::Instant::now();
    Hosts::chat(&hosts.server, server.tcp, "dois");
    assert!(start.elapsed().as_secs() < 10, "the next in line waited {:?}", start.elapsed());
}

/// A stopped WebSocket client: its kernel still answers, but no pong comes.
#[tokio::test]
#[ignore = "needs Python's websockets: run cargo xtask test"]
async fn a_stopped_websocket_client_is_gone() {
    const CLIENT: &str = "
import sys
from websockets.sync.client import connect
with connect(sys.argv[1]) as socket:
    socket.send('um')
    print(socket.recv(), flush=True)
    socket.recv()
";
    let server = Binary::start(&["--ping", "200ms", "--pong-wait", "200ms"]).await;
    let python = std::env::var("VEZ_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let mut command = tokio::process::Command::new(python);
    command.args(["-c", CLIENT, &format!("ws://{}/ws", server.http)]).kill_on_drop(true);
    let mut client =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut reply = [0; "Servidor recebeu: 'um'".len()];
    let stdout = client.stdout.as_mut().unwrap();
    within("the reply", tokio::io::AsyncReadExt::read_exact(stdout, &mut reply)).await.unwrap();
    let pid = Pid::from_raw(i32::try_from(client.id().unwrap()).unwrap()).unwrap();
    kill_process(pid, Signal::STOP).unwrap();
    let mut next = Tcp::connect(server.tcp).await;
    next.send("dois").await;
    next.expect("Servidor recebeu: 'dois'").await;
}
