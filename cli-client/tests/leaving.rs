//! Ways to leave, all of them polite, and the exit status of those that nobody answers.
#![cfg(unix)]

mod common;

use std::time::Duration;

use common::{Client, LEAVING, LEFT, PROMPT, accept, greeting, hear, hear_end, listen, say};
use rustix::process::Signal;
use tokio::io::AsyncWriteExt;
use tokio::time::timeout;

const FAREWELL: &str = "Resposta do servidor: Servidor: Desconectando...\n";

#[tokio::test]
async fn the_end_of_input_leaves_as_sair_does() {
    let (listener, address) = listen().await;
    let mut client = Client::start(&address);
    let mut stream = accept(&listener).await;
    client.end_input();
    hear(&mut stream, "sair").await;
    say(&mut stream, "Servidor: Desconectando...").await;
    assert_eq!(hear_end(&mut stream).await, "");
    assert_eq!(client.finish().await, (greeting(&address) + PROMPT + LEAVING + FAREWELL + LEFT, 0));
}

#[tokio::test]
async fn ctrl_c_at_the_prompt_leaves_as_sair_does() {
    let (listener, address) = listen().await;
    let mut client = Client::start(&address);
    let mut stream = accept(&listener).await;
    client.expect(PROMPT).await;
    client.interrupt();
    hear(&mut stream, "sair").await;
    say(&mut stream, "Servidor: Desconectando...").await;
    assert_eq!(client.finish().await, (greeting(&address) + PROMPT + LEAVING + FAREWELL + LEFT, 0));
}

/// The message that waits must not become `Oisair`: the end of input asks instead.
#[tokio::test]
async fn ctrl_c_while_waiting_ends_the_input_and_still_shows_the_reply() {
    let (listener, address) = listen().await;
    let mut client = Client::start(&address);
    client.type_line("Oi").await;
    let mut stream = accept(&listener).await;
    hear(&mut stream, "Oi").await;
    client.interrupt();
    assert_eq!(hear_end(&mut stream).await, "");
    say(&mut stream, "Servidor recebeu: 'Oi'").await;
    drop(stream);
    let reply = "Resposta do servidor: Servidor recebeu: 'Oi'\n";
    assert_eq!(client.finish().await, (greeting(&address) + PROMPT + LEAVING + reply + LEFT, 0));
}

#[tokio::test]
async fn ctrl_c_leaves_a_server_that_never_answers() {
    let (listener, address) = listen().await;
    let mut client = Client::start(&address);
    client.type_line("Oi").await;
    let mut stream = accept(&listener).await;
    hear(&mut stream, "Oi").await;
    client.interrupt();
    assert_eq!(hear_end(&mut stream).await, "");
    let error = "Nenhuma resposta final do servidor ou erro: o servidor não respondeu a tempo\n";
    assert_eq!(client.finish().await, (greeting(&address) + PROMPT + LEAVING + error + LEFT, 130));
}

#[tokio::test]
async fn ctrl_c_ends_the_wait_for_a_farewell() {
    let (listener, address) = listen().await;
    let mut client = Client::start(&address);
    client.type_line("sair").await;
    let mut stream = accept(&listener).await;
    hear(&mut stream, "sair").await;
    client.expect(LEAVING).await;
    client.interrupt();
    assert_eq!(client.finish().await, (greeting(&address) + PROMPT + LEAVING + LEFT, 130));
}

#[tokio::test]
async fn ctrl_c_leaves_while_a_message_cannot_be_sent() {
    let (listener, address) = listen().await;
    let mut client = Client::start(&address);
    let mut stream = accept(&listener).await;
    client.type_line(&"x".repeat(32 << 20)).await;
    hear(&mut stream, "x").await;
    client.interrupt();
    assert_eq!(client.finish().await, (greeting(&address) + PROMPT + LEFT, 130));
}

#[tokio::test]
async fn the_status_tells_which_signal_cut_a_message() {
    for (signal, status) in [(Signal::TERM, 143), (Signal::HUP, 129)] {
        let (listener, address) = listen().await;
        let mut client = Client::start(&address);
        let mut stream = accept(&listener).await;
        client.type_line(&"x".repeat(32 << 20)).await;
        hear(&mut stream, "x").await;
        client.signal(signal);
        assert_eq!(client.finish().await, (greeting(&address) + PROMPT + LEFT, status));
    }
}

/// Nobody reads what the client prints: it leaves all the same.
#[tokio::test]
async fn ctrl_c_leaves_although_the_output_stands_still() {
    let (listener, address) = listen().await;
    let mut client = Client::start(&address);
    let mut stream = accept(&listener).await;
    let text = vec![b'x'; 64 << 10];
    // What nobody takes any longer is what nobody reads.
    while timeout(Duration::from_millis(300), stream.write_all(&text)).await.is_ok() {}
    client.interrupt();
    assert_eq!(client.exit_status().await, 130);
}
