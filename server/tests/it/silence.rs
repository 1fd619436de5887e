//! Peers that fall silent for real: a cable that is pulled, a process that is stopped.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};

use crate::common::binary::Binary;
use crate::common::hosts::{Hosts, SERVER, may_make_hosts};
use crate::common::{Tcp, within};

/// Connects from `host`, says something and reads the answer.
fn chat(host: &str, address: SocketAddr, text: &str) -> TcpStream {
    let mut stream = Hosts::connect(host, address);
    stream.write_all(text.as_bytes()).unwrap();
    let mut reply = vec![0; format!("Servidor recebeu: '{text}'").len()];
    stream.read_exact(&mut reply).unwrap();
    stream
}

#[test]
#[ignore = "needs root: run cargo xtask test"]
fn a_holder_whose_network_vanished_is_gone() {
    if !may_make_hosts() {
        return;
    }
    let hosts = Hosts::new("holder");
    let server = Hosts::start_server(&hosts.server, SERVER, &["--gone", "2s"]);
    let _holder = chat(&hosts.client, server.tcp, "um");
    hosts.pull_the_cable();
    let start = std::time::Instant::now();
    chat(&hosts.server, server.tcp, "dois");
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
