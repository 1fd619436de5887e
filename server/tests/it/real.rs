//! In front of real things that talk to one at a time. A test whose program is not installed is skipped with a word.

use std::process::Stdio;

use rstest::rstest;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use vez_server::BehindSettings;

use crate::common::{Kind, TestServer, within};

/// The report's server, in its own words.
const REPORT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../dev/bench/src/peer/report.py");

/// Whether a program is there; says so when it is not.
fn is_installed(program: &str) -> bool {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&folders).any(|folder| folder.join(program).is_file());
    if !found {
        eprintln!("skipped: {program} is not installed");
    }
    found
}

/// Starts a program, which ends with the test.
fn start(command: &mut Command) -> Child {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command.spawn().unwrap()
}

async fn server(configure: impl FnOnce(&mut BehindSettings)) -> TestServer {
    TestServer::with(|options| configure(&mut options.behind)).await
}

/// Two clients at once, one after the other, each with a program of its own.
#[rstest]
#[case::calculator(&["bc", "-q"], "a=6; a*7", "42", "a", "0")]
#[case::python(&["python3", "-iqu"], "a = 6; print(a * 7)", "42", "print('a' in dir())", "False")]
#[case::database(
    &["sqlite3", ":memory:"],
    "create table t(a); select 6 * 7;", "42",
    "select count(*) from sqlite_schema;", "0"
)]
#[tokio::test]
async fn a_program_answers_by_line(
    #[case] program: &[&str],
    #[case] asked: &str,
    #[case] answer: &str,
    #[case] asked_by_the_next: &str,
    #[case] answer_to_the_next: &str,
    #[values(Kind::Tcp, Kind::Plain, Kind::Events)] kind: Kind,
) {
    if !is_installed(program[0]) {
        return;
    }
    let server = server(|behind| {
        behind.exec = true;
        behind.program = program.iter().map(Into::into).collect();
    })
    .await;
    let mut first = server.connect(kind).await;
    let mut second = server.connect(kind).await;
    let line = |text: &str| if kind == Kind::Tcp { format!("{text}\n") } else { text.to_owned() };
    second.say(&line(asked_by_the_next)).await;
    first.say(&line(asked)).await;
    first.expect_reply(&line(answer)).await;
    first.say(&line("sair")).await;
    second.expect_reply(&line(answer_to_the_next)).await;
}

/// What comes by WebSocket stands in the old server's own transcript as what comes by TCP.
#[rstest]
#[tokio::test]
async fn the_reports_server_does_not_know_who_is_in_front(#[values(Kind::Tcp, Kind::Plain)] kind: Kind) {
    if !is_installed("python3") {
        return;
    }
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let mut python = start(Command::new("python3").args(["-u", REPORT, &free.port().to_string()]));
    let mut lines = BufReader::new(python.stdout.take().unwrap()).lines();
    let mut next = async || within("a line of its transcript", lines.next_line()).await.unwrap().unwrap();
    assert_eq!(next().await, "Iniciando o servidor...");
    assert!(next().await.starts_with("Servidor escutando em"));
    let server = server(|behind| behind.connect = Some(format!("tcp://{free}").parse().unwrap())).await;
    for _ in 0..2 {
        let mut client = server.connect(kind).await;
        client.say("Olá").await;
        client.expect_reply("Servidor recebeu: 'Olá'").await;
        client.say("sair").await;
        client.expect_reply("Servidor: Desconectando...").await;
        let connected = next().await;
        let peer = connected.strip_prefix("Conectado por ").unwrap();
        assert_eq!(next().await, format!("Mensagem recebida de {peer}: Olá"));
        assert_eq!(next().await, format!("Mensagem recebida de {peer}: sair"));
        assert_eq!(next().await, format!("Cliente {peer} solicitou desconexão."));
        assert_eq!(next().await, format!("Conexão com {peer} encerrada."));
    }
}

/// Two debuggers that come at once are served by one stub, one after the other.
#[tokio::test]
async fn two_debuggers_share_one_stub() {
    if !is_installed("gdb") || !is_installed("gdbserver") {
        return;
    }
    let mut stub = start(Command::new("gdbserver").args(["--multi", "127.0.0.1:0"]));
    let mut said = BufReader::new(stub.stderr.take().unwrap()).lines();
    let port = within("the stub", async {
        loop {
            let line = said.next_line().await.unwrap().expect("it says where it listens");
            if let Some((_, port)) = line.split_once("Listening on port ") {
                break port.to_owned();
            }
        }
    })
    .await;
    let stub = format!("tcp://127.0.0.1:{port}").parse().unwrap();
    let server = server(|behind| behind.connect = Some(stub)).await;
    let target = format!("target extended-remote {}", server.tcp);
    let debugger = async || {
        let commands = ["-nx", "-batch", "-ex", &target, "-ex", "monitor help", "-ex", "disconnect"];
        let mut gdb = start(Command::new("gdb").args(commands));
        let mut said = String::new();
        within("a debugger", gdb.stderr.take().unwrap().read_to_string(&mut said)).await.unwrap();
        said
    };
    let (first, second) = tokio::join!(debugger(), debugger());
    for said in [first, second] {
        assert!(said.contains("monitor commands are supported"), "{said}");
    }
    let lines = server.transcript.sessions(2).await;
    assert_eq!(lines.iter().filter(|line| line.starts_with("Vez de ")).count(), 2, "{lines:#?}");
}
