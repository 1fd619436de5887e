//! The report's transcript, byte for byte, over real sockets.

use crate::common::{Client, Kind, Tcp, TestServer};
use rstest::rstest;
use vez_server::Responder;

/// What the transcript says about one session with the peer `who`.
fn about(who: &str, lines: &[&str]) -> Vec<String> {
    lines.iter().map(|line| line.replace("{addr}", who)).collect()
}

#[tokio::test]
async fn the_first_lines_tell_where_the_server_listens() {
    let server = TestServer::start().await;
    let expected = format!(
        "Iniciando o servidor...\nServidor escutando em {}\nPágina e WebSocket em http://{}/\n",
        server.tcp, server.http
    );
    server.transcript.wait_until(&expected, |text| text == expected).await;
}

#[rstest]
#[case(Kind::Tcp)]
#[case(Kind::Plain)]
#[case(Kind::Events)]
#[tokio::test]
async fn the_reports_conversation(#[case] kind: Kind) {
    let server = TestServer::start().await;
    let mut client = server.connect(kind).await;
    let who = client.shown();
    client.chat("Olá, tudo bem?").await;
    client.leave().await;
    let expected = about(
        &who,
        &[
            "Conectado por {addr}",
            "Mensagem recebida de {addr}: Olá, tudo bem?",
            "Mensagem recebida de {addr}: sair",
            "Cliente {addr} solicitou desconexão.",
            "Conexão com {addr} encerrada.",
        ],
    );
    assert_eq!(server.transcript.sessions(1).await, expected);
}

#[rstest]
#[case(Kind::Tcp)]
#[case(Kind::Plain)]
#[case(Kind::Events)]
#[tokio::test]
async fn one_who_just_goes(#[case] kind: Kind) {
    let server = TestServer::start().await;
    let client = server.connect(kind).await;
    let who = client.shown();
    server.transcript.wait_for("Conectado por").await;
    drop(client);
    let expected = about(
        &who,
        &["Conectado por {addr}", "Cliente {addr} desconectou (sem dados).", "Conexão com {addr} encerrada."],
    );
    assert_eq!(server.transcript.sessions(1).await, expected);
}

#[rstest]
#[case(Kind::Tcp)]
#[case(Kind::Plain)]
#[case(Kind::Events)]
#[tokio::test]
async fn one_who_resets_the_connection(#[case] kind: Kind) {
    let server = TestServer::start().await;
    let mut client = server.connect(kind).await;
    let who = client.shown();
    client.chat("oi").await;
    client.reset();
    let expected = about(
        &who,
        &[
            "Conectado por {addr}",
            "Mensagem recebida de {addr}: oi",
            "Conexão com {addr} foi resetada pelo cliente.",
            "Conexão com {addr} encerrada.",
        ],
    );
    assert_eq!(server.transcript.sessions(1).await, expected);
}

#[tokio::test]
async fn bytes_that_are_no_text() {
    let server = TestServer::start().await;
    let mut client = Tcp::connect(server.tcp).await;
    client.send(b"ok\xff").await;
    client.rest().await;
    let who = Client::Tcp(client).shown();
    let expected = about(
        &who,
        &[
            "Conectado por {addr}",
            "Erro ao comunicar com {addr}: o byte 0xff na posição 2 da mensagem não é UTF-8",
            "Conexão com {addr} encerrada.",
        ],
    );
    assert_eq!(server.transcript.sessions(1).await, expected);
}

#[tokio::test]
async fn ipv6_addresses_look_as_in_python() {
    let server = TestServer::with(|options| options.tcp = "[::1]:0".parse().unwrap()).await;
    let mut client = Tcp::connect(server.tcp).await;
    let port = client.local().port();
    client.send("sair").await;
    client.expect("Servidor: Desconectando...").await;
    assert_eq!(server.transcript.sessions(1).await[0], format!("Conectado por ('::1', {port}, 0, 0)"));
}

#[rstest]
#[case(Kind::Tcp)]
#[case(Kind::Plain)]
#[case(Kind::Events)]
#[tokio::test]
async fn a_message_cannot_drive_the_terminal_or_forge_a_line(#[case] kind: Kind) {
    let server = TestServer::start().await;
    let mut client = server.connect(kind).await;
    client.chat("\x1b[2J\rConectado por ('6.6.6.6', 6)\u{85}\u{202e}").await;
    client.leave().await;
    let lines = server.transcript.sessions(1).await;
    assert!(lines[1].ends_with(": \\x1b[2J\\rConectado por ('6.6.6.6', 6)\\x85\\u202e"), "{}", lines[1]);
}

#[tokio::test]
async fn a_newline_within_a_websocket_message_is_shown_escaped() {
    let server = TestServer::start().await;
    let mut client = server.connect(Kind::Plain).await;
    client.chat("um\nConectado por ('6.6.6.6', 6)").await;
    client.leave().await;
    assert_eq!(server.transcript.sessions(1).await.len(), 5);
}

#[rstest]
#[case(Kind::Tcp)]
#[case(Kind::Plain)]
#[tokio::test]
async fn the_report_is_recorded_whole_and_the_echo_in_part(
    #[case] kind: Kind,
    #[values((Responder::Report, false), (Responder::Echo, true))] (responder, in_part): (Responder, bool),
) {
    let server = TestServer::with(|options| options.behind.responder = responder).await;
    let mut client = server.connect(kind).await;
    // A character of two bytes stands where the part ends.
    let said = format!("a{}", "é".repeat(10_000));
    client.say(&said).await;
    server.transcript.wait_for("Mensagem recebida").await;
    drop(client);
    let line = server.transcript.sessions(1).await.swap_remove(1);
    let (_, recorded) = line.split_once("): ").unwrap();
    if in_part {
        assert_eq!(recorded, format!("a{}… [20001 bytes]", "é".repeat(127)));
    } else {
        assert_eq!(recorded, said);
    }
}
