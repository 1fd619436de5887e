//! A program in a terminal of its own.
#![cfg(target_os = "linux")]

use std::process::{Command, Stdio};
use std::time::Duration;

use rstest::rstest;
use tokio_tungstenite::tungstenite::protocol::Message;
use vez_protocol::{ByeReason, ClientEvent, ServerEvent, TurnKind};

use crate::common::binary::{Binary, command};
use crate::common::{Client, Tcp, TestServer, WebSocket, within};

/// A server before a shell's program that has a terminal, which does not echo what is typed.
async fn pty(script: &str) -> TestServer {
    let script = format!("stty -echo; {script}");
    TestServer::with(|options| {
        options.behind.pty = true;
        options.behind.program = ["bash", "-c", &script].map(Into::into).into();
        options.behind.term_after = Duration::from_millis(200);
        options.behind.kill_after = Duration::from_millis(200);
    })
    .await
}

async fn events(server: &TestServer) -> WebSocket {
    let mut client = WebSocket::connect(server.http, true).await;
    client.expect_turn().await;
    client
}

impl WebSocket {
    async fn types(&mut self, keys: &[u8]) {
        self.send(Message::binary(keys.to_vec())).await;
    }

    async fn sends(&mut self, event: ClientEvent<'_>) {
        self.send(Message::text(event.to_json())).await;
    }

    /// Reads bytes until they end with `text`.
    async fn sees(&mut self, text: &str) {
        let mut seen = Vec::new();
        while !seen.ends_with(text.as_bytes()) {
            let frame = within(text, self.frame()).await;
            assert!(frame.is_binary(), "{frame:?} after {:?}", String::from_utf8_lossy(&seen));
            seen.extend_from_slice(&frame.into_data());
        }
    }

    /// Reads bytes until the goodbye.
    async fn ends(&mut self) -> (Vec<u8>, ByeReason, Option<i32>) {
        let mut seen = Vec::new();
        loop {
            match within("the goodbye", self.frame()).await {
                Message::Binary(bytes) => seen.extend_from_slice(&bytes),
                frame => match ServerEvent::from_json(frame.to_text().unwrap()).unwrap() {
                    ServerEvent::Bye { reason, status, .. } => return (seen, reason, status),
                    other => panic!("{other:?} instead of a goodbye"),
                },
            }
        }
    }
}

#[tokio::test]
async fn the_kind_of_the_turn_is_told() {
    let server = pty("cat").await;
    let mut holder = WebSocket::connect(server.http, true).await;
    let turn = holder.event().await;
    assert!(
        matches!(&turn, ServerEvent::Turn { kind: TurnKind::Terminal, newline: Some(key), .. } if key == "\r"),
        "{turn:?}"
    );
    let mut waits = WebSocket::connect(server.http, true).await;
    let place = waits.event().await;
    assert!(matches!(place, ServerEvent::Waiting { kind: TurnKind::Terminal, .. }), "{place:?}");
}

/// It is the terminal that controls the session, and of the size that all had; raw TCP gets its bytes as they are.
#[tokio::test]
async fn a_program_has_a_terminal() {
    let server = pty("stty size; echo $TERM; tty; test -t 0 -a -t 1 -a -t 2 && echo três").await;
    let mut client = Tcp::connect(server.tcp).await;
    let said = client.rest().await;
    let lines: Vec<_> = said.split("\r\n").collect();
    assert_eq!((lines[0], lines[1], lines[3]), ("24 80", "xterm-256color", "três"), "{said:?}");
    assert!(lines[2].starts_with("/dev/pts/"), "{said:?}");
}

#[tokio::test]
async fn its_size_is_that_of_the_clients_window() {
    let server = pty("echo pronto; while read key; do stty size; done").await;
    let mut client = events(&server).await;
    client.sees("pronto\r\n").await;
    for (cols, rows) in [(132, 50), (1, 1), (u16::MAX, u16::MAX)] {
        client.sends(ClientEvent::Resize { cols, rows }).await;
        client.types(b"\r").await;
        client.sees(&format!("{rows} {cols}\r\n")).await;
    }
}

#[tokio::test]
async fn keys_are_signals() {
    let server = pty("trap 'echo não; exit 7' INT; echo pronto; while :; do read -t 9 key; done").await;
    let mut client = events(&server).await;
    client.sees("pronto\r\n").await;
    client.types(b"\x03").await;
    assert_eq!(client.ends().await, ("não\r\n".into(), ByeReason::Ended, Some(7)));
}

/// What a server was started with, by `nohup` or a script's `&`, is not the program's.
#[tokio::test]
async fn keys_are_signals_also_where_the_server_ignores_them() {
    let program = "printf '%d\n' 0x$(sed -n 's/SigIgn:\t//p' /proc/self/status)";
    let inner = command(&["--pty", "--", "bash", "-c", program]);
    let mut ignoring = Command::new("bash");
    ignoring.args(["-c", "trap '' HUP INT QUIT; exec \"$0\" \"$@\""]);
    ignoring.arg(inner.get_program()).args(inner.get_args());
    ignoring.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let server = Binary::spawn(ignoring);
    let mut client = Tcp::connect(server.tcp).await;
    let ignored: u64 = client.rest().await.lines().next().unwrap().parse().unwrap();
    assert_eq!(ignored & 0b111, 0, "{ignored:#b}");
}

/// The end of a client's input is typed, as one does at a terminal, also in the middle of a line.
#[rstest]
#[case::after_a_line("um\n", "um\r\n")]
#[case::within_a_line("um\ndois", "um\r\ndois")]
#[case::nothing("", "")]
#[tokio::test]
async fn an_end_of_input_is_ctrl_d(#[case] typed: &str, #[case] seen: &str) {
    let server = pty("echo pronto; cat; echo; echo fim").await;
    let mut client = events(&server).await;
    client.sees("pronto\r\n").await;
    client.types(typed.as_bytes()).await;
    client.sends(ClientEvent::End).await;
    let (said, reason, status) = client.ends().await;
    assert_eq!(
        (String::from_utf8(said).unwrap(), reason, status),
        (format!("{seen}\r\nfim\r\n"), ByeReason::Ended, Some(0))
    );
}

#[tokio::test]
async fn whoever_leaves_or_vanishes_hangs_up() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("vezes");
    let script =
        format!("trap 'echo >> {}; exit' HUP; echo pronto; while :; do read -t 9 key; done", file.display());
    let server = pty(&script).await;
    let mut leaves = events(&server).await;
    leaves.sees("pronto\r\n").await;
    leaves.sends(ClientEvent::Leave).await;
    let mut vanishes = Tcp::connect(server.tcp).await;
    vanishes.expect("pronto\r\n").await;
    assert_eq!(std::fs::read(&file).unwrap(), b"\n", "the program heard it before the next turn");
    Client::Tcp(vanishes).reset();
    let mut last = Tcp::connect(server.tcp).await;
    last.expect("pronto\r\n").await;
    assert_eq!(std::fs::read(&file).unwrap(), b"\n\n");
}

/// A shell gives each job a group of its own: they belong to the turn nevertheless.
#[tokio::test]
async fn what_was_started_in_the_background_is_gone_before_the_next_turn() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("vive").display().to_string();
    let script = format!(
        "test -e {file} && kill -0 $(cat {file}) 2> /dev/null && echo vive; set -m; \
         (trap '' HUP TERM; while :; do sleep 0.1; done) & echo $! > {file}; echo pronto; disown; exit 0"
    );
    let server = pty(&script).await;
    let mut first = events(&server).await;
    assert_eq!(first.ends().await, ("pronto\r\n".into(), ByeReason::Ended, Some(0)));
    let mut second = events(&server).await;
    assert_eq!(second.ends().await, ("pronto\r\n".into(), ByeReason::Ended, Some(0)));
}

/// What is typed is seen behind what is on its way, which therefore is little.
#[tokio::test]
async fn a_client_that_tells_what_it_receives_is_not_flooded() {
    // Not before it is known that the client tells it.
    let script = "stty raw; head -c 1 > /dev/null; head -c 2000000 /dev/zero | tr '\\0' x; sleep 99";
    let server = pty(script).await;
    let mut client = WebSocket::connect(server.http, true).await;
    // The seat, the turn, and then bytes.
    let (mut frames, mut bytes) = (1, 0);
    client.expect_turn().await;
    client.sends(ClientEvent::Received { count: frames }).await;
    client.types(b"x").await;
    let mut most = 0;
    while bytes < 2_000_000 {
        client.sends(ClientEvent::Received { count: frames }).await;
        let told = bytes;
        // Until a frame that comes late enough to be the answer to what was told.
        while let Ok(frame) = tokio::time::timeout(Duration::from_millis(200), client.frame()).await {
            frames += 1;
            bytes += frame.into_data().len();
            most = most.max(bytes - told);
            if bytes == 2_000_000 {
                break;
            }
        }
    }
    // As much as may be on the way, and what was read from the program at once.
    assert!(most <= 3 * 128 * 1024, "{most} bytes came untold");
}

/// What a client tells that it received comes behind what it says: neither waits for the other for ever.
#[tokio::test]
async fn a_paste_into_a_flood_holds_nothing_up() {
    let flood = "head -c 2000000 /dev/zero | tr '\\0' x";
    // Not by `read`: in a raw terminal bash takes more than the line, and what it takes is lost.
    let script = format!(
        "stty raw; echo pronto; head -c 1 > /dev/null; {flood}; head -c 300000 > /dev/null; echo fim"
    );
    let server = pty(&script).await;
    let mut client = WebSocket::connect(server.http, true).await;
    client.expect_turn().await;
    client.sees("pronto\n").await;
    client.sends(ClientEvent::Received { count: 1 }).await;
    client.types(b"\n").await;
    for _ in 0..6 {
        client.types(&[b'y'; 50_000]).await;
    }
    // The seat, what was seen, and all of the flood.
    let (mut frames, mut bytes) = (2, 0);
    while bytes < 2_000_000 {
        frames += 1;
        bytes += within("the flood", client.frame()).await.into_data().len();
    }
    client.sends(ClientEvent::Received { count: frames }).await;
    client.sees("fim\n").await;
}

#[tokio::test]
async fn a_program_that_cannot_be_started_is_said() {
    let server = TestServer::with(|options| {
        options.behind.pty = true;
        options.behind.lazy = true;
        options.behind.program = vec!["/não/há".into()];
    })
    .await;
    let mut client = Tcp::connect(server.tcp).await;
    client.send("\n").await;
    let said = client.rest().await;
    assert!(said.contains("não foi possível iniciar /não/há"), "{said:?}");
}
