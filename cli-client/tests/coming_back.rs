//! The connection is lost, and the client comes back to its seat.
#![cfg(unix)]

mod common;

use std::net::SocketAddr;
use std::process::{Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use common::{Client, DEADLINE, LEFT, PROMPT, command};
use tokio::io::{AsyncReadExt, copy};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::{CancellationToken, DropGuard};
use vez_server::{Framing, Options, Server, Transcript};

const LOST: &str = "A conexão caiu; voltando ao seu lugar...\n";
const BACK: &str = "De volta ao seu lugar.\n";

/// A server in this process, behind a network that fails; ended with its test.
struct Running {
    url: String,
    network: watch::Sender<Network>,
    cuts: Arc<AtomicUsize>,
    _end: DropGuard,
}

/// What the network does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Network {
    Good,
    /// It ends every connection, and lets none through.
    Down,
    /// It ends every connection after so many bytes of either direction.
    Brittle(usize),
}

fn start(network: Network, configure: impl FnOnce(&mut Options)) -> Running {
    let address = || "127.0.0.1:0".parse().expect("an address");
    let mut options = Options { tcp: address(), http: address(), ..Options::default() };
    configure(&mut options);
    let transcript = Transcript::new(std::io::sink()).expect("a thread starts");
    let server = Server::bind(options, transcript).expect("free ports");
    let http = server.http_address().expect("HTTP is on");
    let shutdown = CancellationToken::new();
    tokio::spawn(server.run(shutdown.clone()));
    let (network, watched) = watch::channel(network);
    let cuts = Arc::default();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("ws://{}/ws", listener.local_addr().expect("it is bound"));
    listener.set_nonblocking(true).expect("it can be");
    tokio::spawn(relay(listener, http, watched, Arc::clone(&cuts)));
    Running { url, network, cuts, _end: shutdown.drop_guard() }
}

async fn relay(
    listener: std::net::TcpListener,
    server: SocketAddr,
    network: watch::Receiver<Network>,
    cuts: Arc<AtomicUsize>,
) {
    let listener = TcpListener::from_std(listener).expect("a runtime");
    while let Ok((client, _)) = listener.accept().await {
        let (network, cuts) = (network.clone(), Arc::clone(&cuts));
        tokio::spawn(async move {
            carry(client, server, network).await;
            cuts.fetch_add(1, Ordering::Relaxed);
        });
    }
}

async fn carry(mut client: TcpStream, server: SocketAddr, mut network: watch::Receiver<Network>) {
    let now = *network.borrow();
    let most = match now {
        Network::Down => return,
        Network::Good => u64::MAX,
        Network::Brittle(bytes) => bytes as u64,
    };
    let Ok(mut server) = TcpStream::connect(server).await else { return };
    let (from_client, mut to_client) = client.split();
    let (from_server, mut to_server) = server.split();
    let (mut up, mut down) = (from_client.take(most), from_server.take(most));
    tokio::select! {
        _ = copy(&mut up, &mut to_server) => {}
        _ = copy(&mut down, &mut to_client) => {}
        _ = network.wait_for(|network| *network == Network::Down) => {}
    }
}

impl Running {
    fn client(&self, more: &[&str]) -> Client {
        Client::with_args(more.iter().copied().chain([self.url.as_str()]))
    }
}

fn exec(options: &mut Options, framing: Framing, script: &str) {
    options.behind.exec = true;
    options.behind.framing = Some(framing);
    options.behind.program = ["sh", "-c", script].map(Into::into).into();
}

#[tokio::test]
async fn a_conversation_goes_on_over_another_connection() {
    let server = start(Network::Good, |_| {});
    let mut client = server.client(&[]);
    client.expect(&format!("É a sua vez.\n{PROMPT}")).await;
    client.type_line("um").await;
    client.expect(&format!("recebeu: 'um'\n{PROMPT}")).await;
    server.network.send_replace(Network::Down);
    client.expect_part(LOST).await;
    client.type_line("dois").await;
    server.network.send_replace(Network::Good);
    client.expect_part(BACK).await;
    client.expect(&format!("recebeu: 'dois'\n{PROMPT}")).await;
    client.type_line("sair").await;
    let (printed, status) = client.finish().await;
    assert_eq!(status, 0, "{printed}");
    assert_eq!(printed.matches("É a sua vez.").count(), 1, "{printed}");
    assert_eq!(printed.matches("Servidor recebeu").count(), 2, "{printed}");
}

#[tokio::test]
async fn who_waits_keeps_its_place() {
    let server = start(Network::Good, |_| {});
    let mut first = server.client(&[]);
    first.expect(PROMPT).await;
    let mut second = server.client(&[]);
    second.expect_part("Você é o próximo da fila").await;
    server.network.send_replace(Network::Down);
    second.expect_part(LOST).await;
    server.network.send_replace(Network::Good);
    second.expect_part(BACK).await;
    first.expect_part(BACK).await;
    first.type_line("sair").await;
    assert_eq!(first.finish().await.1, 0);
    second.expect_part("É a sua vez.").await;
    second.type_line("sair").await;
    assert_eq!(second.finish().await.1, 0);
}

#[tokio::test]
async fn a_seat_that_is_not_kept_is_the_end() {
    let server = start(Network::Good, |options| options.connections.grace = Duration::from_millis(100));
    let mut client = server.client(&[]);
    client.expect(PROMPT).await;
    server.network.send_replace(Network::Down);
    let (printed, status) = client.finish().await;
    assert_eq!(status, 1);
    assert!(printed.ends_with(&format!("Servidor fechou a conexão.\n{LEFT}")), "{printed}");
}

#[tokio::test]
async fn who_does_not_want_to_come_back_does_not() {
    let server = start(Network::Good, |_| {});
    let mut client = server.client(&["--no-reconnect"]);
    client.expect(PROMPT).await;
    server.network.send_replace(Network::Down);
    let (printed, status) = client.finish().await;
    assert_eq!(status, 1);
    assert!(!printed.contains(LOST), "{printed}");
}

/// Whoever interrupts while there is no connection does not wait for it.
#[tokio::test]
async fn who_interrupts_meanwhile_ends() {
    let server = start(Network::Good, |options| options.connections.grace = Duration::from_secs(600));
    let mut client = server.client(&[]);
    client.expect(PROMPT).await;
    server.network.send_replace(Network::Down);
    client.expect_part(LOST).await;
    client.interrupt();
    assert_eq!(client.finish().await.1, 130);
}

/// Every byte arrives once, in both directions, however often the connection breaks.
#[tokio::test]
async fn a_stream_arrives_whole_over_a_network_that_breaks() {
    let server = start(Network::Brittle(1_000_000), |options| {
        exec(options, Framing::Raw, "cat");
        options.connections.grace = Duration::from_secs(600);
    });
    let bytes: Vec<u8> = (0..6_000_000_u32).flat_map(|number| number.to_le_bytes()[..1].to_vec()).collect();
    let bytes: Vec<u8> = bytes.iter().enumerate().map(|(at, byte)| byte ^ (at / 251) as u8).collect();
    let input = tempfile::NamedTempFile::new().expect("there is room");
    std::fs::write(input.path(), &bytes).expect("there is room");
    let mut command = command();
    command.arg(&server.url).stdin(Stdio::from(input.reopen().expect("it is there"))).kill_on_drop(true);
    let output: Output =
        timeout(DEADLINE, command.output()).await.expect("the client ends").expect("the client starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.stdout == bytes, "{} of {} bytes: {said}", output.stdout.len(), bytes.len());
    assert!(output.status.success(), "{said}");
    assert!(server.cuts.load(Ordering::Relaxed) >= 5, "{said}");
}

/// The same in a conversation: each line is answered once, in order.
#[tokio::test]
async fn lines_are_answered_once_over_a_network_that_breaks() {
    let server = start(Network::Brittle(2_000), |options| {
        exec(options, Framing::Line, "cat");
        options.connections.grace = Duration::from_secs(600);
    });
    let lines: Vec<String> = (0..200).map(|number| format!("linha {number}")).collect();
    let mut client = server.client(&["--quiet"]);
    client.type_bytes((lines.join("\n") + "\n").as_bytes()).await;
    client.end_input();
    let (printed, status) = client.finish().await;
    assert_eq!(printed.lines().collect::<Vec<_>>(), lines);
    assert_eq!(status, 0);
    assert!(server.cuts.load(Ordering::Relaxed) >= 5);
}

#[tokio::test]
async fn quiet_is_replies_alone() {
    let server = start(Network::Good, |_| {});
    let mut client = server.client(&["--quiet"]);
    client.type_line("oi").await;
    client.end_input();
    assert_eq!(client.finish().await, ("Servidor recebeu: 'oi'\n".to_owned(), 0));
}

#[tokio::test]
async fn quiet_says_on_stderr_what_goes_wrong() {
    let closed =
        std::net::TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("bound");
    let mut command = command();
    command.args(["--quiet", &closed.to_string()]).stdin(Stdio::null());
    let output = timeout(DEADLINE, command.output()).await.expect("the client ends").expect("it starts");
    assert_eq!((output.stdout.as_slice(), output.status.code()), (&b""[..], Some(1)));
    assert!(String::from_utf8_lossy(&output.stderr).contains("Não foi possível conectar"));
}
