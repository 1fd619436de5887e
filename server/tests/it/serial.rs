//! In front of a serial device: a pair of pseudo-terminals stands in for it, with the board at the other end.

use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use rstest::rstest;
use rustix::fs::{FlockOperation, flock};
use rustix::process::{Pid, Signal, kill_process};
use serial2_tokio::SerialPort;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio_tungstenite::tungstenite::protocol::Message;
use vez_protocol::{ByeReason, ClientEvent, ServerEvent, TurnKind};
use vez_server::Framing;

use crate::common::binary::{Binary, command};
use crate::common::{Client, Lines, Tcp, TestServer, WebSocket, health, within};

/// A cable: what Vez opens at one end, and the board at the other.
struct Cable {
    folder: TempDir,
    socat: Option<Child>,
}

impl Cable {
    /// A cable that is plugged in; `None`, which is said, without the program that makes one.
    async fn plugged() -> Option<Self> {
        let mut cable = Self::unplugged()?;
        cable.plug().await;
        Some(cable)
    }

    fn unplugged() -> Option<Self> {
        if std::process::Command::new("socat").arg("-V").stdout(Stdio::null()).status().is_err() {
            let _ = writeln!(std::io::stderr(), "skipped: socat is not installed");
            return None;
        }
        Some(Self { folder: tempfile::tempdir().unwrap(), socat: None })
    }

    fn device(&self) -> PathBuf {
        self.folder.path().join("device")
    }

    fn url(&self, parameters: &str) -> String {
        format!("serial:{}?{parameters}", self.device().display())
    }

    /// The board's end.
    fn board(&self) -> Board {
        let port = SerialPort::open(self.folder.path().join("board"), 115_200).unwrap();
        Board { port }
    }

    async fn plug(&mut self) {
        let end = |name| format!("pty,raw,echo=0,link={}", self.folder.path().join(name).display());
        let mut command = Command::new("socat");
        command.args(["-d", "-d", &end("device"), &end("board")]);
        let mut socat = command.stderr(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
        let mut said = BufReader::new(socat.stderr.as_mut().unwrap()).lines();
        within("the cable", async {
            while !said.next_line().await.unwrap().unwrap().contains("starting data transfer loop") {}
        })
        .await;
        self.socat = Some(socat);
    }

    async fn unplug(&mut self) {
        let mut socat = self.socat.take().unwrap();
        let pid = Pid::from_raw(socat.id().unwrap().try_into().unwrap()).unwrap();
        kill_process(pid, Signal::TERM).unwrap();
        within("the end of the cable", socat.wait()).await.unwrap();
        assert!(!self.device().exists());
    }
}

/// What the device is connected to.
struct Board {
    port: SerialPort,
}

impl Board {
    async fn say(&self, bytes: impl AsRef<[u8]>) {
        within("a board that says something", self.port.write_all(bytes.as_ref())).await.unwrap();
    }

    async fn expect(&mut self, bytes: impl AsRef<[u8]>) {
        let mut read = vec![0; bytes.as_ref().len()];
        within("what the board is told", self.port.read_exact(&mut read)).await.unwrap();
        assert_eq!(String::from_utf8_lossy(&read), String::from_utf8_lossy(bytes.as_ref()));
    }
}

/// A server in front of a device.
async fn serve(url: &str, framing: Option<Framing>) -> TestServer {
    let target = url.parse().unwrap();
    TestServer::with(|options| {
        options.behind.connect = Some(target);
        options.behind.framing = framing;
        options.behind.retry_wait = Duration::from_millis(10);
    })
    .await
}

async fn leave(mut client: WebSocket) {
    client.send(Message::text(ClientEvent::Leave.to_json())).await;
    client.expect_bye("Servidor: Desconectando...").await;
    client.expect_close(1000).await;
}

/// Says `bytes` while nobody has the turn, until a client is shown all of them as past: when the server has read
/// what a board says, no event tells.
async fn said_before(server: &TestServer, board: &Board, bytes: &str) -> String {
    let last = bytes.trim_end();
    let end = "[fim do que veio antes da sua vez]\r\n";
    let mut wait = Duration::from_millis(20);
    for turn in 1..10 {
        board.say(bytes).await;
        tokio::time::sleep(wait).await;
        wait *= 2;
        let mut client = Tcp::connect(server.tcp).await;
        let mut shown = String::new();
        // What is no past is there without a mark.
        while !shown.ends_with(end) && (shown.is_empty() || shown.starts_with('[')) {
            let mut read = vec![0; 4096];
            let len = within("what was said before", client.stream.read(&mut read)).await.unwrap();
            shown.push_str(std::str::from_utf8(&read[..len]).unwrap());
        }
        Client::Tcp(client).reset();
        server.transcript.sessions(turn).await;
        if shown
            .strip_suffix(end)
            .is_some_and(|past| past.trim_end().ends_with(&last[last.len().saturating_sub(100)..]))
        {
            return shown;
        }
    }
    panic!("what the board said is never shown as past")
}

#[tokio::test]
async fn every_byte_passes_both_ways() {
    let Some(cable) = Cable::plugged().await else { return };
    let board = cable.board();
    let server = serve(&cable.url(""), None).await;
    let bytes: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    let client = TcpStream::connect(server.tcp).await.unwrap();
    let (mut client_reads, mut client_writes) = client.into_split();
    let (mut there, mut back) = (vec![0; bytes.len()], vec![0; bytes.len()]);
    // The turn begins with the first byte: what the board says before is past.
    client_writes.write_all(b"sair").await.unwrap();
    let mut reading = cable.board();
    reading.expect("sair").await;
    let all = async {
        let told = client_writes.write_all(&bytes);
        let said = board.port.write_all(&bytes);
        let (told, said, read, answered) =
            tokio::join!(told, said, reading.port.read_exact(&mut there), client_reads.read_exact(&mut back));
        (told.unwrap(), said.unwrap(), read.unwrap(), answered.unwrap())
    };
    within("all bytes", all).await;
    assert!(there == bytes && back == bytes);
    drop((client_reads, client_writes));
    server.transcript.wait_for("100004 bytes recebidos, 100000 enviados.").await;
}

/// A device is unplugged in the middle of a turn, and while nobody has one.
#[rstest]
#[case::as_it_is(None, TurnKind::Terminal)]
#[case::by_lines(Some(Framing::Line), TurnKind::Chat)]
#[tokio::test]
async fn a_console_can_be_a_terminal(#[case] framing: Option<Framing>, #[case] expected: TurnKind) {
    let Some(cable) = Cable::plugged().await else { return };
    let server = serve(&cable.url("kind=terminal&backlog=0"), framing).await;
    let mut client = WebSocket::connect(server.http, true).await;
    let turn = client.event().await;
    assert!(matches!(turn, ServerEvent::Turn { kind, .. } if kind == expected), "{turn:?}");
    if expected == TurnKind::Terminal {
        // It has no size of its own.
        client.send(Message::text(ClientEvent::Resize { cols: 100, rows: 30 }.to_json())).await;
        client.send(Message::binary(b"\x1b[A".to_vec())).await;
        cable.board().expect("\x1b[A").await;
    }
    leave(client).await;
}

#[tokio::test]
async fn a_device_that_goes_is_said_and_one_that_comes_back_serves() {
    let Some(mut cable) = Cable::plugged().await else { return };
    let url = cable.url("");
    let mut server = Binary::start(&["--connect", &url, "--retry-wait", "20ms"]).await;
    let transcript = lines(&mut server);
    let name = format!("serial:{}", cable.device().display());
    let board = cable.board();
    let mut first = WebSocket::connect(server.http, true).await;
    first.expect_turn().await;
    board.say("login: ").await;
    assert_eq!(first.frame().await, Message::binary(b"login: ".as_slice()));

    cable.unplug().await;
    let gone = format!("{name} foi desconectado");
    let text = format!("Servidor: {gone}.").into();
    assert_eq!(first.event().await, ServerEvent::Bye { reason: ByeReason::Unavailable, text, status: None });
    transcript.wait_for(&format!("Dispositivo ausente: {gone}")).await;
    assert_eq!(terminals(&server), 0, "the device is closed at once");
    let mut second = Tcp::connect(server.tcp).await;
    second.send("oi").await;
    assert_eq!(second.rest().await, format!("Servidor: {name} não existe.\n"));
    let state = health(server.http).await;
    assert!(state["failures"].as_u64() > Some(0) && state["status"] == "failing", "{state}");
    let before = server.cpu_ticks();
    // Time has to pass for a lack of activity to show; nothing can be awaited.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let used = server.cpu_ticks() - before;
    assert!(used <= 10, "a device that is gone used {used} ticks (10 ms each) in a second");

    cable.plug().await;
    transcript.wait_for(&format!("Dispositivo de volta: {name}\n")).await;
    assert_eq!(health(server.http).await["failures"], 0);
    let mut board = cable.board();
    let mut third = Tcp::connect(server.tcp).await;
    third.send("oi").await;
    board.expect("oi").await;
    board.say("olá").await;
    third.expect("olá").await;
    Client::Tcp(third).reset();
    transcript.wait_until("three sessions", |text| text.matches(" encerrada.").count() == 3).await;

    cable.unplug().await;
    let twice = |text: &str| text.matches("Dispositivo ausente: ").count() == 2;
    transcript.wait_until("the device is gone again", twice).await;
    assert_eq!(terminals(&server), 0);
    cable.plug().await;
    transcript.wait_until("the device is back again", |text| text.matches("de volta: ").count() == 2).await;
}

/// The transcript of a binary, from here on.
fn lines(server: &mut Binary) -> Lines {
    let transcript = Lines::default();
    let (mut stdout, mut written) = (server.stdout.take().unwrap(), transcript.clone());
    std::thread::spawn(move || {
        let mut line = String::new();
        while stdout.read_line(&mut line).is_ok_and(|len| len > 0) {
            written.write_all(line.as_bytes()).unwrap();
            line.clear();
        }
    });
    transcript
}

/// How many pseudo-terminals a server has open.
fn terminals(server: &Binary) -> usize {
    let files = std::fs::read_dir(format!("/proc/{}/fd", server.child.id())).unwrap().flatten();
    files.filter_map(|file| file.path().read_link().ok()).filter(|to| to.starts_with("/dev/pts")).count()
}

#[tokio::test]
async fn what_a_device_says_between_turns_is_shown_to_the_next_one_as_past() {
    let Some(cable) = Cable::plugged().await else { return };
    let board = cable.board();
    let server = serve(&cable.url(""), None).await;
    let shown = said_before(&server, &board, "boot\nlogin: ").await;
    let (mark, past) = shown.split_once("\r\n").unwrap();
    assert!(mark.starts_with("[o que veio antes da sua vez, até há ") && mark.ends_with(']'), "{mark}");
    let end = "boot\nlogin: \r\n[fim do que veio antes da sua vez]\r\n";
    assert!(past.ends_with(end), "{past}");
    let mut next = Tcp::connect(server.tcp).await;
    next.send("x").await;
    cable.board().expect("x").await;
    board.say("agora").await;
    next.expect("agora").await;
}

#[tokio::test]
async fn of_the_past_the_last_bytes_are_kept() {
    let Some(cable) = Cable::plugged().await else { return };
    let board = cable.board();
    let server = serve(&cable.url("backlog=1000"), None).await;
    let bytes = format!("{}\nFIM\n", "x".repeat(50_000));
    let shown = said_before(&server, &board, &bytes).await;
    let (mark, past) = shown.split_once("\r\n").unwrap();
    assert!(mark.contains(", sem ") && mark.ends_with(" bytes mais antigos]"), "{mark}");
    let past = past.strip_suffix("[fim do que veio antes da sua vez]\r\n").unwrap();
    assert_eq!(past, format!("{}\nFIM\n", "x".repeat(1000 - "\nFIM\n".len())));
}

/// In a chat, messages end for the device as it wants, whatever ends its own.
#[rstest]
#[case("", "\r\n", "um\r\ndois\n")]
#[case("newline=lf", "\n", "um\ndois\r\n")]
#[case("newline=cr", "\r", "um\rdois\r\n")]
#[tokio::test]
async fn lines_end_for_the_device_as_it_wants(
    #[case] parameters: &str,
    #[case] ends: &str,
    #[case] answer: &str,
) {
    let Some(cable) = Cable::plugged().await else { return };
    let mut board = cable.board();
    let server = serve(&cable.url(parameters), Some(Framing::Line)).await;
    let mut client = WebSocket::connect(server.http, true).await;
    let turn = client.event().await;
    let ServerEvent::Turn { kind: TurnKind::Chat, newline, .. } = turn else { panic!("{turn:?}") };
    assert_eq!(newline.as_deref(), Some(ends));
    client.say("olá").await;
    board.expect(format!("olá{ends}")).await;
    board.say(answer).await;
    client.expect_reply("um").await;
    assert_eq!(client.event().await, ServerEvent::Output { text: "dois".into() });
    leave(client).await;
}

/// A serial line cannot be told that no more will come: who has said all gets what is answered soon, and the end.
#[tokio::test]
async fn one_who_has_said_all_is_still_answered() {
    let Some(cable) = Cable::plugged().await else { return };
    let mut board = cable.board();
    let server = serve(&cable.url(""), None).await;
    let mut client = Tcp::connect(server.tcp).await;
    client.send("*IDN?\n").await;
    client.stream.shutdown().await.unwrap();
    board.expect("*IDN?\n").await;
    board.say("VEZ,1\n").await;
    assert_eq!(client.rest().await, "VEZ,1\n");
    server.transcript.wait_for("desconectou (sem dados).").await;
}

/// A board that takes nothing holds up nobody once the turn is over.
#[tokio::test]
async fn what_a_device_does_not_take_keeps_nobody_waiting() {
    let Some(cable) = Cable::plugged().await else { return };
    let target = cable.url("").parse().unwrap();
    let server = TestServer::with(|options| {
        options.behind.connect = Some(target);
        options.turns.idle_limit = Some(Duration::from_millis(200));
    })
    .await;
    let mut first = Tcp::connect(server.tcp).await;
    let flood = vec![b'x'; 64 * 1024];
    // It is held back when nothing more is taken; how much that is, is the system's affair.
    while tokio::time::timeout(Duration::from_millis(200), first.stream.write_all(&flood)).await.is_ok() {}
    let mut second = WebSocket::connect(server.http, true).await;
    second.expect_turn().await;
    leave(second).await;
}

/// Whether somebody has the lock on a device.
fn is_locked(device: &Path) -> bool {
    let file = std::fs::File::open(device).unwrap();
    flock(&file, FlockOperation::NonBlockingLockExclusive).is_err()
}

#[tokio::test]
async fn a_device_is_for_one_server() {
    let Some(cable) = Cable::plugged().await else { return };
    let mut board = cable.board();
    let server = serve(&cable.url(""), None).await;
    let refused = refused(&cable.url("baud=9600")).await;
    let device = cable.device().display().to_string();
    assert!(refused.contains(&device) && refused.contains("já está em uso por outro programa;"), "{refused}");
    let mut client = Tcp::connect(server.tcp).await;
    client.send("oi").await;
    board.expect("oi").await;
}

/// Opened for each turn, a device is free between them, and what it says then is lost.
#[tokio::test]
async fn a_device_can_be_opened_for_each_turn() {
    let Some(cable) = Cable::plugged().await else { return };
    let mut board = cable.board();
    // socat ends when nobody has its terminal open.
    let _open = std::fs::File::open(cable.device()).unwrap();
    let server = serve(&cable.url("hold=turn"), None).await;
    for turn in 1..=2 {
        assert!(!is_locked(&cable.device()));
        let mut client = Tcp::connect(server.tcp).await;
        client.send("oi").await;
        board.expect("oi").await;
        assert!(is_locked(&cable.device()));
        board.say("olá").await;
        client.expect("olá").await;
        Client::Tcp(client).reset();
        server.transcript.sessions(turn).await;
    }
    assert!(!is_locked(&cable.device()));
    cable.socat.as_ref().unwrap().id().expect("the cable is still plugged in");
}

/// A device that goes while nobody has the turn shows before anybody comes for it.
#[tokio::test]
async fn a_device_that_goes_unused_is_said_at_once() {
    let Some(mut cable) = Cable::plugged().await else { return };
    let target = cable.url("").parse().unwrap();
    let server = TestServer::with(|options| {
        options.behind.connect = Some(target);
        options.behind.retry_wait = Duration::from_secs(3600);
    })
    .await;
    assert_eq!(health(server.http).await["failures"], 0);
    cable.unplug().await;
    server.transcript.wait_for("Dispositivo ausente: serial:").await;
    assert_eq!(health(server.http).await["failures"], 1);
}

/// A device that is not there yet is waited for, if that is wanted.
#[tokio::test]
async fn a_device_can_come_later() {
    let Some(mut cable) = Cable::unplugged() else { return };
    let target = cable.url("").parse().unwrap();
    let server = TestServer::with(|options| {
        options.behind.connect = Some(target);
        options.behind.lazy = true;
        options.behind.retry_wait = Duration::from_millis(10);
    })
    .await;
    server.transcript.wait_for("Dispositivo ausente: serial:").await;
    cable.plug().await;
    server.transcript.wait_for("Dispositivo de volta: serial:").await;
    let mut client = Tcp::connect(server.tcp).await;
    client.send("oi").await;
    cable.board().expect("oi").await;
}

/// What comes of a server that should not start.
async fn outcome(url: &str) -> Output {
    let mut command = Command::from(command(&["--connect", url]));
    within("a server that does not start", command.kill_on_drop(true).output()).await.unwrap()
}

/// What a server says that does not start.
async fn refused(url: &str) -> String {
    let output = outcome(url).await;
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    stderr
}

#[tokio::test]
async fn what_a_device_cannot_is_said_at_start() {
    let Some(cable) = Cable::plugged().await else { return };
    // socat ends when nobody has its terminal open.
    let _open = std::fs::File::open(cable.device()).unwrap();
    for (parameter, part) in [("data=7", "recusa data=7: "), ("dtr=on", "recusa dtr=on: ")] {
        let stderr = refused(&cable.url(parameter)).await;
        assert!(stderr.contains(part) && stderr.contains("use outro valor"), "{stderr}");
    }
    let missing = refused("serial:/nowhere/at/all").await;
    assert!(
        missing.contains("serial:/nowhere/at/all não existe;") && missing.contains("--lazy"),
        "{missing}"
    );
    let no_device = refused(&format!("serial:{}", env!("CARGO_MANIFEST_DIR"))).await;
    assert!(no_device.contains("não foi possível abrir serial:"), "{no_device}");
    for url in ["serial:", "serial:x?baud=0", "serial:x?data=9", "serial:x?speed=1"] {
        let output = outcome(url).await;
        assert_eq!(output.status.code(), Some(2), "{url}");
        assert!(String::from_utf8(output.stderr).unwrap().contains(url), "{url}");
    }
}
