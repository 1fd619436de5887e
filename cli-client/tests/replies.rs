//! Replies over raw TCP, whatever the pieces in which they arrive.

mod common;

use std::time::Duration;

use common::{Client, LEAVING, LEFT, PROMPT, accept, greeting, hear, hear_end, listen, say};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::sleep;

const FAREWELL: &str = "Resposta do servidor: até\n";

#[tokio::test]
async fn a_split_character_is_put_together() {
    let (listener, address) = listen().await;
    let mut client = Client::start(&address);
    client.type_bytes("um\nsair\n".as_bytes()).await;
    let mut stream = accept(&listener).await;
    hear(&mut stream, "um").await;
    for byte in "🎉".bytes() {
        stream.write_all(&[byte]).await.unwrap();
        // Separate segments: what is tested is that they are not taken for separate replies.
        sleep(Duration::from_millis(20)).await;
    }
    hear(&mut stream, "sair").await;
    say(&mut stream, "até").await;
    let expected =
        format!("{}{PROMPT}Resposta do servidor: 🎉\n{PROMPT}{LEAVING}{FAREWELL}{LEFT}", greeting(&address));
    assert_eq!(client.finish().await, (expected, 0));
}

/// Nothing tells whether more will follow: what is there is shown, and the rest when it comes.
#[tokio::test]
async fn a_long_reply_is_shown_as_it_arrives() {
    let (listener, address) = listen().await;
    let mut client = Client::start(&address);
    client.type_line("um").await;
    let mut stream = accept(&listener).await;
    hear(&mut stream, "um").await;
    let piece = "é".repeat(512);
    let shown = format!("Resposta do servidor: {piece}\n{PROMPT}");
    let mut expected = greeting(&address) + PROMPT;
    for _ in 0..3 {
        say(&mut stream, &piece).await;
        expected += &shown;
        client.expect(&expected).await;
    }
    client.end_input();
    hear(&mut stream, "sair").await;
    say(&mut stream, "até").await;
    assert_eq!(client.finish().await, (expected + LEAVING + FAREWELL + LEFT, 0));
}

#[tokio::test]
async fn what_arrives_at_the_prompt_is_shown_at_once() {
    let (listener, address) = listen().await;
    let mut client = Client::start(&address);
    let mut stream = accept(&listener).await;
    client.expect(PROMPT).await;
    say(&mut stream, "aviso").await;
    client.expect(&format!("{PROMPT}Resposta do servidor: aviso\n{PROMPT}")).await;
    client.end_input();
    hear(&mut stream, "sair").await;
    drop(stream);
    client.finish().await;
}

/// Nothing is changed in a pipe, not even what would drive a terminal.
#[tokio::test]
async fn a_pipe_gets_the_bytes_as_they_are() {
    let (listener, address) = listen().await;
    let mut client = Client::start(&address);
    let mut stream = accept(&listener).await;
    client.expect(PROMPT).await;
    say(&mut stream, "\x1b[2J\0\n").await;
    client.expect(&format!("Resposta do servidor: \x1b[2J\0\n\n{PROMPT}")).await;
}

/// The message goes out as it was typed, without a newline.
#[tokio::test]
#[cfg(unix)]
async fn a_message_is_sent_to_the_byte() {
    let (listener, address) = listen().await;
    let mut client = Client::start(&address);
    client.type_line("  Olá \t ").await;
    let mut stream = accept(&listener).await;
    hear(&mut stream, "  Olá \t ").await;
    client.interrupt();
    assert_eq!(hear_end(&mut stream).await, "");
}

/// A server that answers while it reads, as Vez does past its limit, must not meet a client that only writes.
#[tokio::test]
async fn a_long_message_is_answered_while_it_is_sent() {
    let (listener, address) = listen().await;
    let mut client = Client::start(&address);
    let size = 16 << 20;
    let mut stream = accept(&listener).await;
    let echoing = tokio::spawn(async move {
        let mut buffer = vec![0; 64 << 10];
        let mut echoed = 0;
        while echoed < size {
            let count = stream.read(&mut buffer).await.unwrap();
            stream.write_all(&buffer[..count]).await.unwrap();
            echoed += count;
        }
        stream
    });
    client.type_line(&"z".repeat(size)).await;
    client.expect_count(b'z', size).await;
    client.expect(PROMPT).await;
    let mut stream = echoing.await.unwrap();
    client.end_input();
    hear(&mut stream, "sair").await;
    drop(stream);
    let (printed, status) = client.finish().await;
    assert_eq!((printed.matches('z').count(), status), (size, 0));
}
