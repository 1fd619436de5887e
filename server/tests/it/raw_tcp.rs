//! The report's protocol over raw TCP, and what makes it robust.

use crate::common::{Tcp, TestServer};
use tokio::io::AsyncWriteExt;
use vez_protocol::limits::MAX_MESSAGE;

async fn start() -> (TestServer, Tcp) {
    let server = TestServer::start().await;
    let client = Tcp::connect(server.tcp).await;
    (server, client)
}

#[tokio::test]
async fn unframed_text_is_answered_without_a_newline() {
    let (_server, mut client) = start().await;
    client.send("Olá").await;
    client.expect("Servidor recebeu: 'Olá'").await;
    client.send("SaIr").await;
    assert_eq!(client.rest().await, "Servidor: Desconectando...");
}

#[tokio::test]
async fn lines_are_answered_in_order_each_with_its_own_ending() {
    let (_server, mut client) = start().await;
    client.send("um\ndois\r\n\nsair\nnunca\n").await;
    let expected = "Servidor recebeu: 'um'\nServidor recebeu: 'dois'\r\nServidor recebeu: ''\n\
                    Servidor: Desconectando...\n";
    assert_eq!(client.rest().await, expected);
}

#[tokio::test]
async fn after_a_newline_an_unfinished_line_waits() {
    let (_server, mut client) = start().await;
    client.send("a\nb").await;
    client.expect("Servidor recebeu: 'a'\n").await;
    client.send("c\n").await;
    client.expect("Servidor recebeu: 'bc'\n").await;
}

#[tokio::test]
async fn a_character_split_between_two_reads_is_put_together() {
    let (server, mut client) = start().await;
    client.send("x").await;
    client.expect("Servidor recebeu: 'x'").await;
    client.send(b"Ol\xc3").await;
    // The half character has been read by the time that a later request is answered.
    crate::common::health(server.http).await;
    client.send(b"\xa1").await;
    client.expect("Servidor recebeu: 'Olá'").await;
}

#[tokio::test]
async fn what_is_left_at_the_end_of_input_is_a_message() {
    let (_server, mut client) = start().await;
    client.send("um\nOlá").await;
    client.stream.shutdown().await.unwrap();
    assert_eq!(client.rest().await, "Servidor recebeu: 'um'\nServidor recebeu: 'Olá'");
}

#[tokio::test]
async fn a_first_line_of_exactly_the_limit_is_one_message() {
    let (_server, mut client) = start().await;
    let line = "x".repeat(MAX_MESSAGE);
    client.send(format!("a\n{line}\r\n")).await;
    client.expect(&format!("Servidor recebeu: 'a'\nServidor recebeu: '{line}'\r\n")).await;
}

#[tokio::test]
async fn a_line_over_the_limit_ends_the_session_with_a_reason() {
    let (server, mut client) = start().await;
    client.send(format!("a\n{}\n", "x".repeat(MAX_MESSAGE + 1))).await;
    client.expect("Servidor recebeu: 'a'\n").await;
    assert_eq!(client.rest().await, "Servidor: linha maior que o limite de 65536 bytes.\n");
    server.transcript.wait_for("Erro ao comunicar com").await;
}

#[tokio::test]
async fn unframed_text_over_the_limit_is_answered_in_pieces() {
    let server = TestServer::with(|options| options.connections.max_message = 8).await;
    let mut client = Tcp::connect(server.tcp).await;
    client.send("0123456789").await;
    client.expect("Servidor recebeu: '01234567'Servidor recebeu: '89'").await;
}

#[tokio::test]
async fn lines_before_bytes_that_are_no_text_are_still_answered() {
    let (_server, mut client) = start().await;
    client.send(b"ok\n\xff\n").await;
    client.expect("Servidor recebeu: 'ok'\n").await;
    assert_eq!(client.rest().await, "Servidor: o byte 0xff na posição 0 da mensagem não é UTF-8.\n");
}

#[tokio::test]
async fn a_hundred_thousand_lines_in_one_go_are_all_answered_in_order() {
    let (_server, client) = start().await;
    let (reader, mut writer) = client.stream.into_split();
    let lines = 100_000;
    tokio::spawn(async move {
        let all: String = (0..lines).map(|i| format!("{i}\n")).collect();
        writer.write_all(all.as_bytes()).await.unwrap();
        writer
    });
    let mut replies = tokio::io::AsyncBufReadExt::lines(tokio::io::BufReader::new(reader));
    for i in 0..lines {
        let reply = crate::common::within("a reply", replies.next_line()).await.unwrap().unwrap();
        assert_eq!(reply, format!("Servidor recebeu: '{i}'"));
    }
}
