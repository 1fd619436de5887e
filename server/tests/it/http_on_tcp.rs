//! A web page must not be able to talk to what answers raw TCP.

use rstest::rstest;
use vez_server::Responder;

use crate::common::{Kind, Tcp, TestServer, WebSocket};

async fn server(responder: Responder) -> TestServer {
    TestServer::with(|options| options.behind.responder = responder).await
}

fn assert_refused(response: &str, server: &TestServer) {
    assert!(response.starts_with("HTTP/1.1 400 "), "{response}");
    assert!(response.contains(&format!("http://{}/", server.http)), "{response}");
    let transcript = server.transcript.text();
    assert!(!transcript.contains("Conectado por") && !transcript.contains("Mensagem"), "{transcript}");
}

#[rstest]
#[tokio::test]
async fn a_browser_is_refused_and_never_has_a_turn(
    #[values(Responder::Report, Responder::Echo)] responder: Responder,
    #[values(
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /sair HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nsair",
        "OPTIONS * HTTP/1.1\r\n\r\n",
        "VEZ /metodo-livre HTTP/1.1\r\n\r\nsair"
    )]
    request: &str,
) {
    let server = server(responder).await;
    let mut browser = Tcp::connect(server.tcp).await;
    browser.send(request).await;
    assert_refused(&browser.rest().await, &server);
}

/// However long the address is, and however short messages are.
#[rstest]
#[case(64 * 1024, 70_000)]
#[case(100, 3_000)]
#[case(100, 40_000)]
#[tokio::test]
async fn what_comes_behind_a_long_request_line_reaches_nobody(
    #[case] max_message: usize,
    #[case] len: usize,
) {
    let server = TestServer::with(|options| options.connections.max_message = max_message).await;
    let mut browser = Tcp::connect(server.tcp).await;
    let request = format!("POST /{} HTTP/1.1\r\nHost: a\r\n\r\ncomando\n", "a".repeat(len));
    browser.send(request).await;
    let response = browser.rest().await;
    assert!(response.starts_with("HTTP/1.1 400 "), "{response}");
    assert!(!server.transcript.text().contains("Mensagem"), "{}", server.transcript.text());
}

/// A long address fills more packets than one: its end is awaited, and nothing of it is a message.
#[tokio::test]
async fn a_request_line_that_comes_in_pieces_is_refused() {
    let server = server(Responder::Echo).await;
    let mut browser = Tcp::connect(server.tcp).await;
    browser.send(format!("GET /{}", "a".repeat(30_000))).await;
    // The turn has begun when the server has read so far.
    server.transcript.wait_for("Conectado por").await;
    browser.send(" HTTP/1.1\r\n\r\n").await;
    let response = browser.rest().await;
    assert!(response.starts_with("HTTP/1.1 400 "), "{response}");
    assert!(!server.transcript.text().contains("Mensagem"));
}

#[tokio::test]
async fn a_browser_that_waits_leaves_the_queue_at_once() {
    let server = server(Responder::Report).await;
    let mut holder = server.connect(Kind::Plain).await;
    holder.chat("um").await;
    let mut browser = Tcp::connect(server.tcp).await;
    let mut watcher = WebSocket::connect(server.http, true).await;
    watcher.expect_place(2).await;
    browser.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert!(browser.rest().await.starts_with("HTTP/1.1 400 "));
    watcher.expect_place(1).await;
}

#[rstest]
#[case("GET up, stand up")]
#[case("GET / HTTP/1.1")]
#[case("POST")]
#[tokio::test]
async fn a_message_that_is_no_request_line_is_answered(#[case] text: &str) {
    let server = server(Responder::Report).await;
    server.connect(Kind::Tcp).await.chat(text).await;
}

#[tokio::test]
async fn http_is_let_through_for_those_who_ask_for_it() {
    let server = TestServer::with(|options| options.connections.allow_http_on_tcp = true).await;
    let mut client = Tcp::connect(server.tcp).await;
    client.send("GET / HTTP/1.1\r\n").await;
    client.expect("Servidor recebeu: 'GET / HTTP/1.1'\r\n").await;
}
