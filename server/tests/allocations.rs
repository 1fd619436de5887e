//! What a message costs in allocations once a conversation runs, and what waiting costs in memory: counted, so
//! that it shows on a busy machine too.
//!
//! A test binary of its own, because it replaces the allocator. Only the thread that serves the sockets is
//! counted, neither the client's nor the transcript's.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use allocation_counter::AllocationInfo;
use rstest::rstest;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_util::sync::CancellationToken;
use vez_server::{Options, Responder, Server, Transcript};

/// Messages of the shorter of two conversations, which are compared.
const MESSAGES: usize = 8192;

/// Messages in flight where more than one is.
const WINDOW: usize = 64;

/// Clients that wait in the smaller of two crowds, which are compared.
const WAITING: usize = 384;

/// What buffers may take that grow once more in the longer conversation, by chance of timing.
const GROWTH: f64 = 0.005;

/// Longer than a reply takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// A message as it is on the wire, its answer, and how they are sent.
struct Case {
    responder: Responder,
    /// Where metrics are served.
    metrics: &'static str,
    handshake: bool,
    request: Vec<u8>,
    reply: Vec<u8>,
    window: usize,
}

const TEXT: &str = "Uma mensagem de 32 bytes, certo.";

impl Case {
    fn tcp(responder: Responder, ending: &str, window: usize) -> Self {
        let request = format!("{TEXT}{ending}").into_bytes();
        let reply = format!("{}{ending}", answer(responder, TEXT)).into_bytes();
        Self { responder, metrics: "off", handshake: false, request, reply, window }
    }

    /// The same, counted for `/metrics`.
    fn with_metrics(self) -> Self {
        Self { metrics: "127.0.0.1:0", ..self }
    }

    fn websocket(responder: Responder, window: usize) -> Self {
        Self::long_websocket(responder, TEXT, window)
    }

    fn long_websocket(responder: Responder, text: &str, window: usize) -> Self {
        let (request, reply) = (frame(text, Some([1, 2, 3, 4])), frame(&answer(responder, text), None));
        Self { responder, metrics: "off", handshake: true, request, reply, window }
    }
}

fn answer(responder: Responder, text: &str) -> String {
    match responder {
        Responder::Report => format!("Servidor recebeu: '{text}'"),
        Responder::Echo => text.to_owned(),
    }
}

fn frame(text: &str, mask: Option<[u8; 4]>) -> Vec<u8> {
    let mut frame = Frame::message(text.to_owned(), OpCode::Data(Data::Text), true);
    frame.header_mut().mask = mask;
    let mut bytes = Vec::new();
    frame.format(&mut bytes).unwrap();
    bytes
}

#[rstest]
#[case::one_at_a_time(Case::tcp(Responder::Report, "", 1))]
#[case::lines(Case::tcp(Responder::Report, "\r\n", 1))]
#[case::many_lines(Case::tcp(Responder::Report, "\n", WINDOW))]
#[case::echo(Case::tcp(Responder::Echo, "\n", WINDOW))]
#[case::with_metrics(Case::tcp(Responder::Report, "\n", WINDOW).with_metrics())]
fn a_message_over_tcp_allocates_nothing(#[case] case: Case) {
    let each = allocations_per_message(&case);
    assert!(each <= GROWTH, "{each} allocations per message");
}

#[rstest]
#[case::one_at_a_time(Case::websocket(Responder::Report, 1))]
#[case::many(Case::websocket(Responder::Report, WINDOW))]
#[case::echo(Case::websocket(Responder::Echo, WINDOW))]
#[case::with_metrics(Case::websocket(Responder::Report, WINDOW).with_metrics())]
#[case::long(Case::long_websocket(Responder::Echo, &TEXT.repeat(512), 1))]
fn a_message_over_a_websocket_allocates_once_at_most(#[case] case: Case) {
    let each = allocations_per_message(&case);
    assert!(each <= 1.0 + GROWTH, "{each} allocations per message");
}

/// The difference between two conversations, so that nothing counts but what each message needs.
fn allocations_per_message(case: &Case) -> f64 {
    let short = allocations(case, MESSAGES).count_total;
    let long = allocations(case, 2 * MESSAGES).count_total;
    (long as f64 - short as f64) / MESSAGES as f64
}

#[rstest]
#[case::tcp(None, 1150)]
#[case::websocket(Some(""), 1800)]
#[case::seat(Some("Sec-WebSocket-Protocol: vez.v1\r\n"), 2010)]
fn waiting_takes_little_memory(#[case] handshake: Option<&'static str>, #[case] most: u64) {
    // At its peak the thread may hold a little of something else: that is in some runs, and not in all.
    let least = |count| (0..3).map(|_| held_by_waiting(handshake, count)).min().unwrap();
    let each = (least(2 * WAITING) - least(WAITING)) / WAITING as u64;
    assert!(each <= most, "{each} bytes for each who waits");
}

/// The most that the serving thread has allocated at a time while so many wait.
fn held_by_waiting(handshake: Option<&'static str>, count: usize) -> u64 {
    let held = counted(Responder::Report, "off", |tcp, http| {
        let connect = |_| {
            let mut stream = TcpStream::connect(if handshake.is_some() { http } else { tcp }).unwrap();
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            if let Some(header) = handshake {
                shake_hands(&mut stream, http, header);
            }
            stream
        };
        // The first has the turn, and none has left when all have joined.
        let mut clients: VecDeque<_> = (0..=count).map(connect).collect();
        await_waiting(http, count);
        // The last leaves first, so that nobody's turn comes.
        while let Some(mut last) = clients.pop_back() {
            if handshake.is_some() {
                // 1000: who has a seat gives it up.
                last.write_all(b"\x88\x82\0\0\0\0\x03\xe8").unwrap();
            }
            drop(last);
            await_waiting(http, clients.len().saturating_sub(1));
        }
    });
    held.bytes_max
}

/// Asks `/healthz` until so many wait.
fn await_waiting(http: SocketAddr, count: usize) {
    let mut stream = TcpStream::connect(http).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let (request, expected) =
        (format!("GET /healthz HTTP/1.1\r\nHost: {http}\r\n\r\n"), format!("\"waiting\":{count},"));
    let began = Instant::now();
    let mut response = [0; 1024];
    loop {
        stream.write_all(request.as_bytes()).unwrap();
        let len = stream.read(&mut response).unwrap();
        let response = String::from_utf8_lossy(&response[..len]);
        if response.contains(&expected) {
            return;
        }
        assert!(began.elapsed() < PATIENCE, "{response}");
    }
}

/// What the serving thread allocates for a whole conversation of so many messages.
fn allocations(case: &Case, messages: usize) -> AllocationInfo {
    counted(case.responder, case.metrics, |tcp, http| {
        converse(case, if case.handshake { http } else { tcp }, messages);
    })
}

/// What the serving thread allocates while `client` does something with it.
fn counted(
    responder: Responder,
    metrics: &str,
    client: impl FnOnce(SocketAddr, SocketAddr),
) -> AllocationInfo {
    let shutdown = CancellationToken::new();
    let (tell, told) = mpsc::channel();
    std::thread::scope(|scope| {
        let serving = scope.spawn(|| serve(responder, metrics, &shutdown, &tell));
        let (tcp, http) = told.recv().unwrap();
        // Ends the server even if the client fails.
        let _guard = shutdown.clone().drop_guard();
        client(tcp, http);
        shutdown.cancel();
        serving.join().unwrap()
    })
}

/// Serves on this thread until `shutdown`, counted from before the server's first allocation.
fn serve(
    responder: Responder,
    metrics: &str,
    shutdown: &CancellationToken,
    addresses: &mpsc::Sender<(SocketAddr, SocketAddr)>,
) -> AllocationInfo {
    let mut options = Options {
        tcp: "127.0.0.1:0".parse().unwrap(),
        http: "127.0.0.1:0".parse().unwrap(),
        metrics: metrics.parse().unwrap(),
        ..Options::default()
    };
    options.behind.responder = responder;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    allocation_counter::measure(|| {
        runtime.block_on(async {
            let transcript = Transcript::new(std::io::sink()).unwrap();
            let server = Server::bind(options, transcript).unwrap();
            addresses.send((server.tcp_address().unwrap(), server.http_address().unwrap())).unwrap();
            server.run(shutdown.clone()).await;
        });
    })
}

/// Holds a conversation of `messages` messages.
fn converse(case: &Case, address: SocketAddr, messages: usize) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_nodelay(true).unwrap();
    if case.handshake {
        shake_hands(&mut stream, address, "");
    }
    let (requests, expected) = (case.request.repeat(case.window), case.reply.repeat(case.window));
    let mut replies = vec![0; expected.len()];
    for _ in 0..messages / case.window {
        stream.write_all(&requests).unwrap();
        stream.read_exact(&mut replies).unwrap();
        assert_eq!(replies, expected);
    }
}

fn shake_hands(stream: &mut TcpStream, address: SocketAddr, header: &str) {
    let request = format!(
        "GET /ws HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{header}\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut response = Vec::new();
    while !response.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        response.extend_from_slice(&byte);
    }
    assert!(response.starts_with(b"HTTP/1.1 101 "), "{}", String::from_utf8_lossy(&response));
}
