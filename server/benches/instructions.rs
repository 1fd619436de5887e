//! How many instructions the hot paths take, counted by callgrind: a regression shows on a busy machine too.
//!
//! Each has a limit a fifth above what was counted when it was set, as libc and memchr choose other code on other
//! CPUs; the run fails beyond it. Run by `cargo xtask test`, or with valgrind and gungraun-runner at hand by
//! `cargo bench --package vez-server --bench instructions`.

#![allow(clippy::unwrap_used, reason = "a measure that cannot go on has failed")]
#![allow(clippy::exit, missing_docs, reason = "the macros make public items, and a main of their own")]

use std::hint::black_box;
use std::net::SocketAddr;

use bytes::BytesMut;
use gungraun::{
    Callgrind, EventKind, LibraryBenchmarkConfig, library_benchmark, library_benchmark_group, main,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_util::sync::CancellationToken;
use vez_protocol::Decoder;
use vez_server::queue::{Queue, Settings, Ticket};
use vez_server::{Options, Server, Transcript};

const TEXT: &str = "Uma mensagem de 32 bytes, certo.";

/// Messages of a conversation that is counted.
const MESSAGES: usize = 1000;

/// At most so many instructions.
fn at_most(instructions: u64) -> LibraryBenchmarkConfig {
    let mut callgrind = Callgrind::default();
    callgrind.hard_limits([(EventKind::Ir, instructions)]);
    let mut options = LibraryBenchmarkConfig::default();
    options.tool(callgrind);
    options
}

fn join(queue: &Queue) -> Ticket {
    queue.join([127, 0, 0, 1].into(), 1, None).unwrap()
}

/// A queue in which so many wait.
fn crowd(count: usize) -> (Queue, Vec<Ticket>) {
    let queue = Queue::new(Settings::of_length(count + 1)).unwrap();
    let tickets = (0..=count).map(|_| join(&queue)).collect();
    (queue, tickets)
}

#[library_benchmark]
#[bench::of_10(args = (10), setup = crowd, config = at_most(2_500))]
#[bench::of_10_000(args = (10_000), setup = crowd, config = at_most(5_400))]
fn join_and_leave_at_the_end((queue, tickets): (Queue, Vec<Ticket>)) -> (Queue, Vec<Ticket>) {
    drop(black_box(join(&queue)));
    (queue, tickets)
}

#[library_benchmark]
#[bench::of_10(args = (10), setup = crowd, config = at_most(1_500))]
#[bench::of_10_000(args = (10_000), setup = crowd, config = at_most(8_000))]
fn pass_the_turn_on((queue, mut tickets): (Queue, Vec<Ticket>)) -> (Queue, Vec<Ticket>) {
    drop(black_box(tickets.swap_remove(0)));
    (queue, tickets)
}

fn lines(count: usize) -> BytesMut {
    BytesMut::from(format!("{TEXT}\n").repeat(count).as_str())
}

#[library_benchmark]
#[bench::of_1000_lines(args = (1000), setup = lines, config = at_most(400_000))]
fn decode(mut input: BytesMut) -> BytesMut {
    let mut decoder = Decoder::new(64 * 1024);
    while let Some(message) = decoder.decode(&mut input).unwrap() {
        black_box(message);
    }
    input
}

/// A server, a client that has its turn, and what they say.
struct Conversation {
    runtime: Runtime,
    client: TcpStream,
    request: Vec<u8>,
    reply: Vec<u8>,
}

/// A conversation over raw TCP, or over a WebSocket, that has run for a while.
fn conversation(websocket: bool) -> Conversation {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let client = runtime.block_on(async {
        let options = Options {
            tcp: "127.0.0.1:0".parse().unwrap(),
            http: "127.0.0.1:0".parse().unwrap(),
            ..Options::default()
        };
        let server = Server::bind(options, Transcript::new(std::io::sink()).unwrap()).unwrap();
        let (tcp, http) = (server.tcp_address().unwrap(), server.http_address().unwrap());
        tokio::spawn(server.run(CancellationToken::new()));
        if websocket { shake_hands(http).await } else { TcpStream::connect(tcp).await.unwrap() }
    });
    let reply = format!("Servidor recebeu: '{TEXT}'");
    let (request, reply) = if websocket {
        (frame(TEXT.to_owned(), true), frame(reply, false))
    } else {
        (TEXT.as_bytes().to_vec(), reply.into_bytes())
    };
    let mut conversation = Conversation { runtime, client, request, reply };
    conversation.exchange(MESSAGES);
    conversation
}

async fn shake_hands(address: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "GET /ws HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut response = Vec::new();
    while !response.ends_with(b"\r\n\r\n") {
        response.push(stream.read_u8().await.unwrap());
    }
    stream
}

fn frame(text: String, masked: bool) -> Vec<u8> {
    let mut frame = Frame::message(text, OpCode::Data(Data::Text), true);
    frame.header_mut().mask = masked.then_some([1, 2, 3, 4]);
    let mut bytes = Vec::new();
    frame.format(&mut bytes).unwrap();
    bytes
}

impl Conversation {
    fn exchange(&mut self, messages: usize) {
        let Self { runtime, client, request, reply } = self;
        runtime.block_on(async {
            let mut received = vec![0; reply.len()];
            for _ in 0..messages {
                client.write_all(request).await.unwrap();
                client.read_exact(&mut received).await.unwrap();
                assert_eq!(&received, reply);
            }
        });
    }
}

#[library_benchmark]
#[bench::tcp(args = (false), setup = conversation, config = at_most(6_800_000))]
#[bench::websocket(args = (true), setup = conversation, config = at_most(10_500_000))]
fn hold_a_conversation(mut conversation: Conversation) -> Conversation {
    conversation.exchange(MESSAGES);
    conversation
}

library_benchmark_group!(
    name = hot_paths,
    benchmarks = [join_and_leave_at_the_end, pass_the_turn_on, decode, hold_a_conversation]
);
main!(library_benchmark_groups = hot_paths);
