//! Streams through the real server: standard input to what stands behind it and back to standard output, to the byte.
#![cfg(unix)]

mod common;

use std::fs::File;
use std::io::Read;
use std::process::{Output, Stdio};
use std::time::Duration;

use common::{Client, DEADLINE, LEFT, command, listen};
use rustix::process::Signal;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;
use tokio::time::{Instant, timeout};
use tokio_util::sync::{CancellationToken, DropGuard};
use vez_server::{Framing, Options, Server, Transcript};

const TURN: &str = "É a sua vez.\n";

/// A server in this process, ended with its test.
struct Running {
    url: String,
    _end: DropGuard,
}

fn start(configure: impl FnOnce(&mut Options)) -> Running {
    let address = || "127.0.0.1:0".parse().expect("an address");
    let mut options = Options { tcp: address(), http: address(), ..Options::default() };
    options.behind.term_after = Duration::from_millis(200);
    configure(&mut options);
    let transcript = Transcript::new(std::io::sink()).expect("a thread starts");
    let server = Server::bind(options, transcript).expect("free ports");
    let url = format!("ws://{}/ws", server.http_address().expect("HTTP is on"));
    let shutdown = CancellationToken::new();
    tokio::spawn(server.run(shutdown.clone()));
    Running { url, _end: shutdown.drop_guard() }
}

/// A server in front of a shell's program, whose bytes pass unchanged.
fn exec(script: &str) -> Running {
    start(|options| {
        options.behind.exec = true;
        options.behind.framing = Some(Framing::Raw);
        options.behind.program = ["sh", "-c", script].map(Into::into).into();
    })
}

/// Twenty million bytes of every value, in a file and in memory.
fn random_file() -> (File, Vec<u8>) {
    let mut bytes = vec![0; 20_000_000];
    File::open("/dev/urandom").and_then(|mut random| random.read_exact(&mut bytes)).expect("it is there");
    assert!((0..=255).all(|value| bytes.contains(&value)));
    (file(&bytes), bytes)
}

/// A file with these bytes, to be read from its beginning.
fn file(bytes: &[u8]) -> File {
    let named = tempfile::NamedTempFile::new().expect("there is room");
    std::fs::write(named.path(), bytes).expect("there is room");
    named.reopen().expect("it is there")
}

/// Runs `vez-client URL < input` to its end.
async fn run(server: &Running, input: impl Into<Stdio>) -> Output {
    let mut command = client(server);
    let output = command.stdin(input).kill_on_drop(true).output();
    timeout(DEADLINE, output).await.expect("the client ends").expect("the client starts")
}

fn client(server: &Running) -> Command {
    let mut command = command();
    command.arg(&server.url);
    command
}

/// Whether `output` is these bytes: said without showing all of them.
fn assert_bytes(output: &Output, bytes: &[u8]) {
    let (said, status) = (String::from_utf8_lossy(&output.stderr), output.status);
    assert!(output.stdout == bytes, "{} of {} bytes, {status}: {said}", output.stdout.len(), bytes.len());
}

#[tokio::test]
async fn a_file_passes_a_program_to_the_byte() {
    let server = exec("cat");
    let (input, bytes) = random_file();
    let output = run(&server, input).await;
    assert_bytes(&output, &bytes);
    assert!(output.status.success());
}

#[tokio::test]
async fn a_file_passes_a_connection_to_the_byte() {
    let (listener, address) = listen().await;
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("the server connects");
        let (mut reader, mut writer) = stream.split();
        tokio::io::copy(&mut reader, &mut writer).await.expect("it echoes");
        writer.shutdown().await.expect("it ends");
    });
    let target = format!("tcp://{address}").parse().expect("a target");
    let server = start(|options| options.behind.connect = Some(target));
    let (input, bytes) = random_file();
    let output = run(&server, input).await;
    assert_bytes(&output, &bytes);
    assert!(output.status.success());
}

/// What a program says only when its input has ended arrives, and nothing of the client's own is among it.
#[tokio::test]
async fn the_end_of_input_is_passed_on_and_own_words_stand_aside() {
    let server = exec("sort");
    let output = run(&server, file(b"c\nb\r\na")).await;
    assert_bytes(&output, b"a\nb\r\nc\n");
    let greeting = common::greeting(&server.url);
    let expected = format!("{greeting}{TURN}Servidor: o programa terminou com o estado 0.\n{LEFT}");
    assert_eq!(String::from_utf8_lossy(&output.stderr), expected);
}

/// One that reads only a part of its input, and one that reads none.
#[tokio::test]
async fn a_program_that_ends_before_the_input_does_says_all_and_its_status() {
    for (script, said, status) in [("head -c 3", "abc", 0), ("echo oi; exit 7", "oi\n", 7)] {
        let server = exec(script);
        let output = run(&server, file("abcd".repeat(5_000_000).as_bytes())).await;
        assert_bytes(&output, said.as_bytes());
        assert_eq!(output.status.code(), Some(status), "{script}");
    }
}

#[tokio::test]
async fn what_cannot_answer_is_a_failure_said_aside() {
    let server = start(|options| {
        options.behind.connect = Some("tcp://127.0.0.1:1".parse().expect("a target"));
    });
    let output = run(&server, Stdio::null()).await;
    assert_bytes(&output, b"");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("não foi possível conectar"), "{said}");
    assert_eq!(output.status.code(), Some(1));
}

/// An input that is already over does not end the wait, and the place is not among the bytes.
#[tokio::test]
async fn whoever_waits_for_a_stream_keeps_its_place_and_its_bytes() {
    let server = exec("echo oi; cat");
    let mut holder = Client::spawn(client(&server));
    holder.expect("oi\n").await;
    let mut waiting = client(&server);
    let waiting = waiting.stdin(file(b"tchau")).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut waiting = waiting.kill_on_drop(true).spawn().expect("the client starts");
    let mut said = Vec::new();
    let mut stderr = waiting.stderr.take().expect("it is a pipe");
    let place = async {
        while !String::from_utf8_lossy(&said).contains("Você é o próximo da fila") {
            assert_ne!(stderr.read_buf(&mut said).await.expect("it is read"), 0, "the client waits");
        }
    };
    timeout(DEADLINE, place).await.expect("the place is told");
    holder.type_bytes(b"\xffum").await;
    holder.end_input();
    let output = timeout(DEADLINE, waiting.wait_with_output()).await.expect("it ends").expect("it ends");
    assert_bytes(&output, b"oi\ntchau");
    assert!(output.status.success());
}

/// Each byte as it is typed, and each answer as it comes.
#[tokio::test]
async fn small_pieces_do_not_wait_for_larger_ones() {
    let server = exec("cat");
    let mut client = Client::spawn(client(&server));
    for text in ["a", "\n", "sair\n", "b"] {
        client.type_bytes(text.as_bytes()).await;
        client.expect(text).await;
    }
    client.end_input();
    assert_eq!(client.finish().await, ("a\nsair\nb".to_owned(), 0));
}

/// A slow reader holds the program back, and costs no memory; afterwards nothing is missing.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_slow_output_holds_the_server_back() {
    const SIZE: usize = 200_000_000;
    let server = exec(&format!("head -c {SIZE} /dev/zero"));
    let mut command = client(&server);
    command.stderr(Stdio::piped());
    let mut client = Client::spawn(command);
    client.end_input();
    // Nothing tells that everything stands still: an unbounded client would have taken much in this time.
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(client.peak_memory() < 32 * 1024, "{} KiB", client.peak_memory());
    client.expect_count(0, SIZE).await;
    assert_eq!(client.exit_status().await, 0);
}

/// A program that reads nothing holds the input back; whoever waits for it can leave.
#[tokio::test]
async fn a_server_that_does_not_read_holds_the_input_back() {
    let server = exec("exec sleep 1000");
    let mut command = client(&server);
    let mut client = command.stdin(Stdio::piped()).kill_on_drop(true).spawn().expect("the client starts");
    let mut stdin = client.stdin.take().expect("it is a pipe");
    let (chunk, mut taken) = (vec![0; 64 * 1024], 0);
    while let Ok(written) = timeout(Duration::from_secs(1), stdin.write(&chunk)).await {
        taken += written.expect("the client reads");
        assert!(taken < 64_000_000, "the client reads on and on");
    }
    let pid =
        rustix::process::Pid::from_raw(client.id().expect("it runs").cast_signed()).expect("it is no group");
    rustix::process::kill_process(pid, Signal::TERM).expect("it runs");
    let status = timeout(DEADLINE, client.wait()).await.expect("it ends").expect("it ends");
    assert_eq!(status.code(), Some(143));
}

/// Whether anybody reads what comes or not.
#[tokio::test]
async fn signals_end_a_flood_at_once() {
    for (signal, status) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        for reads in [true, false] {
            let server = exec("yes");
            let mut client = Client::spawn(client(&server));
            client.expect_count(b'\n', 1_000_000).await;
            let start = Instant::now();
            client.signal(signal);
            let ended = if reads { client.finish().await.1 } else { client.exit_status().await };
            assert_eq!(ended, status);
            assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
        }
    }
}

/// As with `| head`: the turn is given back, and nothing is said about it.
#[tokio::test]
async fn an_output_that_is_closed_ends_the_stream() {
    let server = exec("yes");
    let script = format!(
        "{{ '{}' {} < /dev/null 2> /dev/null; echo $? >&2; }} | head -c 4",
        env!("CARGO_BIN_EXE_vez-client"),
        server.url
    );
    let output = Command::new("sh").args(["-c", &script]).kill_on_drop(true).output();
    let output = timeout(DEADLINE, output).await.expect("it ends").expect("it starts");
    assert_eq!(
        (output.stdout.as_slice(), output.stderr.as_slice()),
        (b"y\ny\n".as_slice(), b"1\n".as_slice())
    );
}
