//! A server whose network is cut off, and whole again later.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::{Child, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use super::TTL;
use crate::common::PATIENCE;
use crate::common::hosts::{Hosts, SERVER, may_make_hosts};

/// Longer than a kernel waits before it sends again what it could not send for some seconds: the wait doubles each time.
const RETRANSMISSION: Duration = Duration::from_secs(8);

/// Ends with its test.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start_etcd(hosts: &Hosts, data: &std::path::Path) -> Ended {
    let (client, peer) = (format!("http://{SERVER}:2379"), format!("http://{SERVER}:2380"));
    let mut command = Hosts::command(&hosts.server, "etcd");
    command.arg("--data-dir").arg(data).args([
        "--listen-client-urls",
        &client,
        "--advertise-client-urls",
        &client,
    ]);
    command.args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer]);
    command.args(["--initial-cluster", &format!("default={peer}")]);
    Ended(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
}

/// What is said to whoever is behind, line by line and from all connections.
fn start_behind(hosts: &Hosts) -> (String, mpsc::Receiver<String>) {
    let listener = Hosts::on(&hosts.server, || TcpListener::bind((SERVER, 0)).unwrap());
    let url = format!("tcp://{}", listener.local_addr().unwrap());
    let (send, said) = mpsc::channel();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let send = send.clone();
            thread::spawn(move || {
                let lines = BufReader::new(stream).lines().map_while(Result::ok);
                lines.for_each(|line| drop(send.send(line)));
            });
        }
    });
    (url, said)
}

/// What its kernel had taken and could not send is not sent when the network is whole again.
#[test]
#[ignore = "needs root: run cargo xtask test"]
fn nothing_of_a_turn_that_was_cut_off_arrives_when_the_network_is_back() {
    if !may_make_hosts() {
        return;
    }
    let hosts = Hosts::new("cut");
    let folder = tempfile::tempdir().unwrap();
    let _etcd = start_etcd(&hosts, folder.path());
    let (behind, said) = start_behind(&hosts);
    let queue = format!("etcd://{SERVER}:2379/fila?ttl={}s", TTL.as_secs());
    let arguments = ["--queue", &*queue, "--connect", &*behind, "--framing", "line"];
    let cut_off = Hosts::start_server(&hosts.client, "127.0.0.1", &arguments);
    let other = Hosts::start_server(&hosts.server, "127.0.0.1", &arguments);

    let mut holder = Hosts::connect(&hosts.client, cut_off.tcp);
    holder.write_all(b"antes\n").unwrap();
    assert_eq!(said.recv_timeout(PATIENCE).unwrap(), "antes");
    let mut next = Hosts::connect(&hosts.server, other.tcp);
    next.write_all(b"depois\n").unwrap();
    hosts.pull_the_cable();
    let cut = Instant::now();
    holder.write_all(b"tarde demais\n").unwrap();
    assert_eq!(said.recv_timeout(PATIENCE).unwrap(), "depois");
    println!("the next turn began {:?} after the cable was pulled, at a TTL of {TTL:?}", cut.elapsed());
    let mut last = String::new();
    holder.read_to_string(&mut last).unwrap();
    assert_eq!(last, "Servidor: a vez se perdeu. Volte para a fila.\n");

    hosts.plug_the_cable_in();
    // The server that was cut off shares the queue again: what its kernel still had to send would have come before that.
    let mut back = Hosts::connect(&hosts.client, cut_off.tcp);
    back.write_all(b"de volta\n").unwrap();
    next.write_all(b"ainda\n").unwrap();
    assert_eq!(said.recv_timeout(PATIENCE).unwrap(), "ainda");
    drop(next);
    assert_eq!(said.recv_timeout(PATIENCE).unwrap(), "de volta");
    let late = said.recv_timeout(RETRANSMISSION);
    assert!(late.is_err(), "{late:?}");
}
