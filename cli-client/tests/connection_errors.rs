//! Every error line of the report, provoked for real.

mod common;

use common::{Client, LEAVING, LEFT, PROMPT, accept, greeting, hear, listen, reset, say};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// What follows the greeting, with the exit status of failure.
fn failure(address: &str, rest: &str) -> (String, i32) {
    (greeting(address) + rest, 1)
}

#[tokio::test]
async fn refused() {
    let (listener, address) = listen().await;
    drop(listener);
    let expected = format!(
        "Iniciando o cliente...\nNão foi possível conectar ao servidor em {address}. \
         Verifique se o servidor está em execução.\n"
    );
    assert_eq!(Client::start(&address).finish().await, (expected, 1));
}

#[tokio::test]
async fn a_host_that_does_not_exist() {
    let (printed, status) = Client::start("nenhum.invalid:65432").finish().await;
    assert!(printed.starts_with("Iniciando o cliente...\nErro ao conectar: "), "{printed}");
    assert_eq!((printed.lines().count(), status), (2, 1));
}

#[tokio::test]
async fn reset_while_waiting_for_a_reply() {
    let (listener, address) = listen().await;
    let mut client = Client::start(&address);
    client.type_line("Olá").await;
    let mut stream = accept(&listener).await;
    hear(&mut stream, "Olá").await;
    reset(stream);
    let rest = format!("{PROMPT}A conexão foi resetada pelo servidor.\n{LEFT}");
    assert_eq!(client.finish().await, failure(&address, &rest));
}

#[tokio::test]
async fn reset_at_the_prompt_is_told_at_once() {
    let (listener, address) = listen().await;
    let mut client = Client::start(&address);
    let stream = accept(&listener).await;
    client.expect(PROMPT).await;
    reset(stream);
    let rest = format!("{PROMPT}A conexão foi resetada pelo servidor.\n{LEFT}");
    assert_eq!(client.finish().await, failure(&address, &rest));
}

/// A socket whose peer has ended its side and then resets gets EPIPE, not ECONNRESET.
#[tokio::test]
async fn broken_pipe() {
    let (listener, address) = listen().await;
    let mut client = Client::start(&address);
    let mut stream = accept(&listener).await;
    let typed = tokio::spawn(async move {
        client.type_line(&"x".repeat(32 << 20)).await;
        client
    });
    hear(&mut stream, "x").await;
    stream.shutdown().await.unwrap();
    drop(stream);
    let client = typed.await.unwrap();
    let rest = format!("{PROMPT}A conexão com o servidor foi perdida (Broken pipe).\n{LEFT}");
    assert_eq!(client.finish().await, failure(&address, &rest));
}

#[tokio::test]
async fn closed_while_waiting_for_a_reply() {
    let (listener, address) = listen().await;
    let mut client = Client::start(&address);
    client.type_line("Olá").await;
    let mut stream = accept(&listener).await;
    hear(&mut stream, "Olá").await;
    drop(stream);
    let rest = format!("{PROMPT}Servidor fechou a conexão.\n{LEFT}");
    assert_eq!(client.finish().await, failure(&address, &rest));
}

#[tokio::test]
async fn closed_at_the_prompt_is_told_at_once() {
    let (listener, address) = listen().await;
    let mut client = Client::start(&address);
    let mut stream = accept(&listener).await;
    client.expect(PROMPT).await;
    say(&mut stream, "Tempo esgotado.").await;
    drop(stream);
    let rest =
        format!("{PROMPT}Resposta do servidor: Tempo esgotado.\n{PROMPT}Servidor fechou a conexão.\n{LEFT}");
    assert_eq!(client.finish().await, failure(&address, &rest));
}

/// The server's end is looked at before the input that waits.
#[tokio::test]
#[cfg(target_os = "linux")]
async fn closed_before_what_was_typed() {
    let (listener, address) = listen().await;
    let mut client = Client::start(&address);
    client.type_bytes("um\ndois\n".as_bytes()).await;
    let mut stream = accept(&listener).await;
    hear(&mut stream, "um").await;
    // Held back until the end, so that the client gets both at once.
    socket2::SockRef::from(&stream).set_tcp_cork(true).unwrap();
    say(&mut stream, "1").await;
    stream.shutdown().await.unwrap();
    let (printed, status) = client.finish().await;
    let rest = format!("{PROMPT}Resposta do servidor: 1\n{PROMPT}Servidor fechou a conexão.\n{LEFT}");
    assert_eq!((printed, status), failure(&address, &rest));
    let mut unheard = Vec::new();
    stream.read_to_end(&mut unheard).await.unwrap();
    assert_eq!(unheard, b"");
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn reset_instead_of_the_farewell() {
    let (listener, address) = listen().await;
    let mut client = Client::start(&address);
    client.type_line("sair").await;
    let mut stream = accept(&listener).await;
    hear(&mut stream, "sair").await;
    reset(stream);
    let error = "[Errno 104] Connection reset by peer";
    let rest = format!("{PROMPT}{LEAVING}Nenhuma resposta final do servidor ou erro: {error}\n{LEFT}");
    assert_eq!(client.finish().await, failure(&address, &rest));
}

#[tokio::test]
async fn closed_instead_of_the_farewell() {
    let (listener, address) = listen().await;
    let mut client = Client::start(&address);
    client.type_line("sair").await;
    let mut stream = accept(&listener).await;
    hear(&mut stream, "sair").await;
    drop(stream);
    let expected = greeting(&address) + PROMPT + LEAVING + LEFT;
    assert_eq!(client.finish().await, (expected, 0));
}

#[tokio::test]
async fn a_reply_that_is_no_text() {
    let (listener, address) = listen().await;
    let mut client = Client::start(&address);
    client.type_line("Olá").await;
    let mut stream = accept(&listener).await;
    hear(&mut stream, "Olá").await;
    stream.write_all(b"ok\xff").await.unwrap();
    let error = "o byte 0xff na posição 2 da mensagem não é UTF-8";
    let rest = format!("{PROMPT}Erro ao enviar/receber dados: {error}\n{LEFT}");
    assert_eq!(client.finish().await, failure(&address, &rest));
}

#[tokio::test]
async fn a_farewell_that_is_no_text() {
    let (listener, address) = listen().await;
    let mut client = Client::start(&address);
    client.type_line("sair").await;
    let mut stream = accept(&listener).await;
    hear(&mut stream, "sair").await;
    stream.write_all(b"\xc3").await.unwrap();
    drop(stream);
    let error = "o byte 0xc3 na posição 0 da mensagem não é UTF-8";
    let rest = format!("{PROMPT}{LEAVING}Nenhuma resposta final do servidor ou erro: {error}\n{LEFT}");
    assert_eq!(client.finish().await, failure(&address, &rest));
}
