//! `vez-client` and the real server together: both sides of the report's example, and the queue in between.

mod common;

use std::io::Write;
use std::sync::{Arc, Mutex};

use common::{Client, LEAVING, LEFT, PROMPT, greeting};
use tokio_util::sync::{CancellationToken, DropGuard};
use vez_server::{Options, Responder, Server, Transcript};

/// A transcript that the test reads.
#[derive(Clone, Default)]
struct Output(Arc<Mutex<String>>);

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let text = str::from_utf8(bytes).expect("the transcript is text");
        self.0.lock().expect("nobody panics with the output").push_str(text);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A server in this process, ended with its test.
struct Running {
    tcp: String,
    websocket: String,
    transcript: Transcript,
    output: Output,
    _end: DropGuard,
}

fn start(responder: Responder) -> Running {
    start_with(|options| options.behind.responder = responder)
}

fn start_with(configure: impl FnOnce(&mut Options)) -> Running {
    let address = || "127.0.0.1:0".parse().expect("an address");
    let mut options = Options { tcp: address(), http: address(), ..Options::default() };
    configure(&mut options);
    let output = Output::default();
    let transcript = Transcript::new(output.clone()).expect("a thread starts");
    let server = Server::bind(options, transcript.clone()).expect("free ports");
    let tcp = server.tcp_address().expect("TCP is on").to_string();
    let websocket = format!("ws://{}/ws", server.http_address().expect("HTTP is on"));
    let shutdown = CancellationToken::new();
    tokio::spawn(server.run(shutdown.clone()));
    Running { tcp, websocket, transcript, output, _end: shutdown.drop_guard() }
}

#[tokio::test]
async fn both_sides_of_the_reports_example() {
    let server = start(Responder::Report);
    let mut client = Client::start(&server.tcp);
    client.expect(PROMPT).await;
    client.type_line("Olá, tudo bem?").await;
    client.expect(&format!("Resposta do servidor: Servidor recebeu: 'Olá, tudo bem?'\n{PROMPT}")).await;
    client.type_line("sair").await;
    let expected = format!(
        "{}{PROMPT}Resposta do servidor: Servidor recebeu: 'Olá, tudo bem?'\n\
         {PROMPT}{LEAVING}Resposta do servidor: Servidor: Desconectando...\n{LEFT}",
        greeting(&server.tcp)
    );
    assert_eq!(client.finish().await, (expected, 0));

    server.transcript.finish().await;
    let seen = server.output.0.lock().expect("nobody panics with the output").clone();
    let lines: Vec<&str> = seen.lines().skip(3).collect();
    let (_, peer) = lines[0].split_once("Conectado por ").expect("the first line names the peer");
    let expected = [
        format!("Conectado por {peer}"),
        format!("Mensagem recebida de {peer}: Olá, tudo bem?"),
        format!("Mensagem recebida de {peer}: sair"),
        format!("Cliente {peer} solicitou desconexão."),
        format!("Conexão com {peer} encerrada."),
    ];
    assert_eq!(lines, expected);
}

#[tokio::test]
async fn a_websocket_client_sees_its_place_and_then_its_turn() {
    let server = start(Responder::Report);
    let mut holder = Client::start(&server.tcp);
    holder.expect(PROMPT).await;
    holder.type_line("um").await;
    holder.expect(&format!("'um'\n{PROMPT}")).await;
    let mut waiting = Client::start(&server.websocket);
    waiting.expect_part("Você é o próximo da fila").await;
    waiting.type_line("dois").await;
    holder.type_line("sair").await;
    holder.finish().await;
    waiting.expect_part("É a sua vez.").await;
    waiting.expect_part("Resposta do servidor: Servidor recebeu: 'dois'").await;
    waiting.type_line("sair").await;
    let (printed, status) = waiting.finish().await;
    assert!(
        printed.ends_with(&format!("Resposta do servidor: Servidor: Desconectando...\n{LEFT}")),
        "{printed}"
    );
    assert_eq!(status, 0);
}

/// An echo answers `sair` with `sair`: what ends the conversation is `leave`.
#[tokio::test]
async fn sair_ends_the_conversation_with_an_echo_too() {
    let server = start(Responder::Echo);
    let mut client = Client::start(&server.websocket);
    client.type_line("sair").await;
    let (printed, status) = client.finish().await;
    let end = format!(
        "{PROMPT}{LEAVING}Resposta do servidor: sair\n\
         Resposta do servidor: Servidor: Desconectando...\n{LEFT}"
    );
    assert!(printed.ends_with(&end), "{printed}");
    assert_eq!(status, 0);

    let mut client = Client::start(&server.tcp);
    client.type_line("sair").await;
    let expected = greeting(&server.tcp) + PROMPT + LEAVING + "Resposta do servidor: sair\n" + LEFT;
    assert_eq!(client.finish().await, (expected, 0));
}

#[tokio::test]
async fn whoever_waits_leaves_the_real_queue_at_once() {
    let server = start(Responder::Echo);
    let mut holder = Client::start(&server.tcp);
    holder.type_line("um").await;
    holder.expect(&format!("Resposta do servidor: um\n{PROMPT}")).await;
    let mut waiting = Client::start(&server.websocket);
    waiting.expect(PROMPT).await;
    waiting.end_input();
    let (printed, status) = waiting.finish().await;
    assert!(printed.ends_with(LEFT) && printed.contains(LEAVING), "{printed}");
    assert_eq!(status, 0);
}

#[tokio::test]
async fn who_says_its_name_and_its_password_comes_in() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("htpasswd");
    let hash = bcrypt::hash("segredo", 4).expect("a cost");
    std::fs::write(&path, format!("maria:{hash}\n")).expect("it can be written");
    let server = start_with(|options| {
        options.access.htpasswd = Some(path);
        options.access.tcp_anyone = true;
    });
    let with_password = |password: &str| {
        let mut command = common::command();
        command.args([&*server.websocket, "--user", "maria"]).env("VEZ_PASSWORD", password);
        Client::spawn(command)
    };
    let mut client = with_password("segredo");
    client.expect(PROMPT).await;
    client.type_line("oi").await;
    client.expect_part("Resposta do servidor: Servidor recebeu: 'oi'").await;
    client.type_line("sair").await;
    client.expect(LEFT).await;
    let expected = "o servidor pergunta quem você é: diga --user NOME, e a senha certa\n";
    with_password("errada").expect(expected).await;
    Client::start(&server.websocket).expect(expected).await;
}

#[tokio::test]
async fn more_headers_go_with_the_handshake() {
    let server = start_with(|options| {
        options.access.user_header = Some("x-user".parse().expect("a name"));
        options.access.trusted_proxy = vec!["127.0.0.1/32".parse().expect("a network")];
        options.access.tcp_anyone = true;
    });
    // Without it nobody comes in.
    Client::start(&server.websocket).expect("diga --user NOME, e a senha certa\n").await;
    Client::with_args([&*server.websocket, "--header", "X-User: maria"]).expect(PROMPT).await;
}
