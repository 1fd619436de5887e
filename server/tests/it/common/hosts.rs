//! Two hosts joined by a cable: network namespaces and a veth pair, taken down with their test.

use std::fs::File;
use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::os::fd::AsFd;
use std::process::{Command, Stdio};
use std::thread;

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use super::PATIENCE;
use super::binary::{Binary, command};

/// Two hosts, each known by its network namespace.
pub(crate) struct Hosts {
    pub(crate) server: String,
    pub(crate) client: String,
}

/// The first host's address.
pub(crate) const SERVER: &str = "10.203.77.1";
const CLIENT: &str = "10.203.77.2";

fn ip(arguments: &str) {
    let output = Command::new("ip").args(arguments.split_whitespace()).output().expect("ip starts");
    assert!(output.status.success(), "ip {arguments}: {}", String::from_utf8_lossy(&output.stderr));
}

impl Hosts {
    pub(crate) fn new(name: &str) -> Self {
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

    /// Starts `vez-server` on a host, with raw TCP at any port of `address`.
    pub(crate) fn start_server(host: &str, address: &str, arguments: &[&str]) -> Binary {
        let inner = command(&[]);
        let mut command = Self::command(host, inner.get_program());
        command.args(["--tcp", &format!("{address}:0"), "--http", "127.0.0.1:0"]).args(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        Binary::spawn(command)
    }

    /// A program that runs on a host.
    pub(crate) fn command(host: &str, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", host]).arg(program);
        command
    }

    /// Does something on a host, whose sockets stay there.
    pub(crate) fn on<T: Send + 'static>(host: &str, what: impl FnOnce() -> T + Send + 'static) -> T {
        let namespace = File::open(format!("/run/netns/{host}")).unwrap();
        // A thread of its own, as a namespace is a thread's.
        let done = thread::spawn(move || {
            move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network)).unwrap();
            what()
        });
        done.join().unwrap()
    }

    /// Connects on a host.
    pub(crate) fn connect(host: &str, address: SocketAddr) -> TcpStream {
        let stream = Self::on(host, move || TcpStream::connect(address).unwrap());
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    pub(crate) fn pull_the_cable(&self) {
        ip(&format!("-n {} link set cable down", self.client));
    }

    #[cfg(feature = "etcd")]
    pub(crate) fn plug_the_cable_in(&self) {
        ip(&format!("-n {} link set cable up", self.client));
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
pub(crate) fn may_make_hosts() -> bool {
    let may = rustix::process::geteuid().is_root() && Command::new("ip").arg("-V").output().is_ok();
    if !may {
        // Past the capture of tests that pass.
        let _ = writeln!(std::io::stderr(), "skipped: network namespaces need root and iproute2");
    }
    may
}
