//! The server's end: who waits is told, the running session drains, nothing outlives it.

use std::time::Duration;

use rstest::rstest;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::protocol::Message;
use vez_protocol::ServerEvent;

use crate::common::{Kind, Tcp, TestServer, WebSocket};

#[tokio::test]
async fn who_waits_is_told_and_the_running_session_goes_on() {
    let server = TestServer::with(|options| options.turns.drain = Duration::from_secs(3600)).await;
    let mut holder = server.connect(Kind::Plain).await;
    holder.chat("um").await;
    let mut tcp = Tcp::connect(server.tcp).await;
    let mut plain = WebSocket::connect(server.http, false).await;
    let mut events = WebSocket::connect(server.http, true).await;
    events.expect_place(3).await;
    server.end();
    assert_eq!(tcp.rest().await, "Servidor: encerrando.\n");
    assert_eq!(plain.expect_close(1001).await, "Servidor: encerrando.");
    events.expect_bye("Servidor: encerrando.").await;
    events.expect_close(1001).await;
    holder.chat("dois").await;
    assert!(TcpStream::connect(server.tcp).await.is_err(), "nobody new is accepted");
    drop((tcp, plain, events));
    holder.leave().await;
    server.ended().await;
}

/// A server that ends accepts nobody: whoever is away cannot come back, and is not waited for.
#[rstest]
#[case::goes_before(true)]
#[case::goes_meanwhile(false)]
#[tokio::test]
async fn a_session_whose_client_is_away_does_not_keep_the_server(#[case] goes_before: bool) {
    let server = TestServer::with(|options| {
        options.turns.drain = Duration::from_secs(3600);
        options.connections.grace = Duration::from_secs(3600);
    })
    .await;
    let mut holder = WebSocket::connect(server.http, true).await;
    holder.expect_turn().await;
    let mut waits = Tcp::connect(server.tcp).await;
    server.await_waiting(1).await;
    let mut holder = Some(holder);
    holder.take_if(|_| goes_before);
    server.end();
    assert_eq!(waits.rest().await, "Servidor: encerrando.\n");
    drop((holder, waits));
    server.ended().await;
}

/// Also one that has sent something and closed its sending side, and so waits in another way.
#[tokio::test]
async fn a_half_closed_peer_that_waits_is_told_too() {
    let server = TestServer::start().await;
    let mut holder = server.connect(Kind::Plain).await;
    holder.chat("um").await;
    let mut waiter = Tcp::connect(server.tcp).await;
    waiter.send("oi").await;
    waiter.stream.shutdown().await.unwrap();
    let mut watcher = WebSocket::connect(server.http, true).await;
    watcher.expect_place(2).await;
    // Its end of input was noticed when later news of the queue has arrived.
    drop(WebSocket::connect(server.http, true).await);
    watcher.send(Message::text(r#"{"type":"ping"}"#)).await;
    assert_eq!(watcher.event().await, ServerEvent::Pong);
    server.end();
    assert_eq!(waiter.rest().await, "Servidor: encerrando.\n");
    holder.leave().await;
    drop(watcher);
    server.ended().await;
}

#[tokio::test]
async fn the_running_session_ends_when_its_time_to_drain_is_over() {
    let server = TestServer::with(|options| options.turns.drain = Duration::from_millis(100)).await;
    let mut holder = WebSocket::connect(server.http, true).await;
    holder.expect_turn().await;
    server.end();
    holder.expect_bye("Servidor: encerrando.").await;
    holder.expect_close(1001).await;
    drop(holder);
    server.ended().await.wait_for("encerrada.").await;
}

#[tokio::test]
async fn one_who_lingers_does_not_keep_the_server() {
    let server = TestServer::with(|options| {
        options.turns.drain = Duration::from_millis(100);
        options.turns.linger = Duration::from_millis(100);
    })
    .await;
    let _tcp = Tcp::connect(server.tcp).await;
    let _waiting = WebSocket::connect(server.http, false).await;
    let _http = Tcp::connect(server.http).await;
    server.end();
    server.ended().await;
}
