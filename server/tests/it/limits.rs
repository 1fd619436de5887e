//! Time limits and bounds, each just inside and just outside.

use std::time::Duration;

use rstest::rstest;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use vez_protocol::{ByeReason, ServerEvent};

use crate::common::{Client, Kind, Tcp, TestServer, WebSocket, health, within};

const SHORT: Duration = Duration::from_millis(200);

/// The idle limit ends a silent turn for every kind of holder, with a reason, and the next is served.
#[rstest]
#[case(Kind::Tcp)]
#[case(Kind::Plain)]
#[case(Kind::Events)]
#[tokio::test]
async fn a_silent_turn_ends_when_somebody_waits(#[case] kind: Kind) {
    let server = TestServer::with(|options| options.turns.idle_limit = Some(SHORT)).await;
    let mut holder = server.connect(kind).await;
    holder.chat("um").await;
    let mut next = server.connect(Kind::Tcp).await;
    next.chat("dois").await;
    let said = "Servidor: limite de inatividade de 200ms atingido com outros na fila.";
    match holder {
        Client::Tcp(mut tcp) => assert_eq!(tcp.rest().await, format!("{said}\n")),
        Client::WebSocket(mut websocket) => {
            if websocket.events {
                websocket.expect_bye(said).await;
            }
            assert_eq!(websocket.expect_close(1008).await, said);
        }
    }
}

#[tokio::test]
async fn nobody_is_ended_while_nobody_waits() {
    let server = TestServer::with(|options| {
        options.turns.idle_limit = Some(SHORT / 4);
        options.turns.turn_limit = Some(SHORT / 4);
    })
    .await;
    let mut holder = server.connect(Kind::Tcp).await;
    holder.chat("um").await;
    // Longer than the limits: time has to pass for them not to strike.
    tokio::time::sleep(SHORT).await;
    holder.chat("dois").await;
}

#[tokio::test]
async fn messages_put_the_idle_limit_off() {
    let limit = Duration::from_secs(1);
    let server = TestServer::with(|options| options.turns.idle_limit = Some(limit)).await;
    let mut holder = server.connect(Kind::Tcp).await;
    let _next = server.connect(Kind::Tcp).await;
    let start = tokio::time::Instant::now();
    while start.elapsed() < limit * 2 {
        holder.chat("ainda").await;
        tokio::time::sleep(limit / 20).await;
    }
}

#[tokio::test]
async fn the_turn_limit_ends_a_busy_turn() {
    let server = TestServer::with(|options| options.turns.turn_limit = Some(SHORT)).await;
    let holder = Tcp::connect(server.tcp).await;
    let (reader, mut writer) = holder.stream.into_split();
    let busy = async {
        let mut replies = BufReader::new(reader).lines();
        loop {
            writer.write_all(b"oi\n").await.unwrap();
            let reply = replies.next_line().await.unwrap().unwrap();
            if reply != "Servidor recebeu: 'oi'" {
                return reply;
            }
        }
    };
    server.transcript.wait_for("Conectado por").await;
    let mut next = server.connect(Kind::Plain).await;
    assert_eq!(
        within("the limit", busy).await,
        "Servidor: limite de 200ms por vez atingido com outros na fila."
    );
    next.chat("dois").await;
    server.transcript.wait_for("limite de 200ms por vez atingido").await;
}

#[tokio::test]
async fn vez_v1_is_warned_before_each_limit() {
    let server = TestServer::with(|options| {
        options.turns.idle_limit = Some(Duration::from_secs(3));
        options.turns.warn_before = Duration::from_millis(1400);
    })
    .await;
    let mut holder = WebSocket::connect(server.http, true).await;
    holder.expect_turn().await;
    let _next = server.connect(Kind::Tcp).await;
    let warning = ServerEvent::Warning { seconds: 2, reason: ByeReason::IdleLimit };
    assert_eq!(holder.event().await, warning);
    holder.say("ainda aqui").await;
    holder.expect_reply("Servidor recebeu: 'ainda aqui'").await;
    assert_eq!(holder.event().await, warning);
}

/// Queue full: one line for TCP, close code 1013 for WebSockets, and one more place is one more.
#[tokio::test]
async fn a_full_queue_turns_away_with_a_reason() {
    let server = TestServer::with(|options| options.queue.queue_length = 1).await;
    let mut holder = server.connect(Kind::Tcp).await;
    holder.chat("um").await;
    assert_eq!(health(server.http).await["status"], "ok");
    let mut waiter = WebSocket::connect(server.http, true).await;
    waiter.expect_place(1).await;
    assert_eq!(health(server.http).await["status"], "full");
    let said = "Servidor: a fila está cheia. Tente mais tarde.";
    assert_eq!(Tcp::connect(server.tcp).await.rest().await, format!("{said}\n"));
    let mut plain = WebSocket::connect(server.http, false).await;
    assert_eq!(plain.expect_close(1013).await, said);
    let mut events = WebSocket::connect(server.http, true).await;
    let bye = ServerEvent::Bye { reason: ByeReason::QueueFull, text: said.into(), status: None };
    assert_eq!(events.event().await, bye);
    events.expect_close(1013).await;
    holder.leave().await;
    waiter.expect_turn().await;
    WebSocket::connect(server.http, true).await.expect_place(1).await;
}

/// A message may have exactly the limit.
#[rstest]
#[case(Kind::Tcp)]
#[case(Kind::Plain)]
#[tokio::test]
async fn a_message_of_exactly_the_limit_is_answered(#[case] kind: Kind) {
    let server = TestServer::with(|options| options.connections.max_message = 1000).await;
    let mut client = server.connect(kind).await;
    client.chat(&"x".repeat(1000)).await;
}

/// What is kept of a waiting WebSocket's messages is bounded by count and by bytes, and nothing is lost.
#[rstest]
#[case::count(3, 1 << 20)]
#[case::bytes(1000, 20)]
#[tokio::test]
async fn more_than_is_kept_is_still_answered(#[case] messages: usize, #[case] bytes: usize) {
    let server = TestServer::with(|options| {
        options.connections.kept_messages = messages;
        options.connections.kept_bytes = bytes;
    })
    .await;
    let mut holder = server.connect(Kind::Tcp).await;
    holder.chat("um").await;
    let mut waiter = server.connect(Kind::Plain).await;
    for i in 0..10 {
        waiter.say(&format!("mensagem {i}")).await;
    }
    holder.chat("dois").await;
    holder.leave().await;
    for i in 0..10 {
        waiter.expect_reply(&format!("Servidor recebeu: 'mensagem {i}'")).await;
    }
}

/// As many as may wait from one address, and one more; also by the address that a trusted proxy names.
#[tokio::test]
async fn as_many_wait_from_one_address_as_may() {
    let server = TestServer::with(|options| {
        options.queue.per_address = Some(1);
        options.access.trusted_proxy = vec!["127.0.0.1/32".parse().unwrap()];
    })
    .await;
    let mut holder = server.connect(Kind::Tcp).await;
    holder.chat("um").await;
    let mut waiter = WebSocket::connect(server.http, true).await;
    waiter.expect_place(1).await;
    let said = "Servidor: já há clientes demais do seu endereço na fila.";
    assert_eq!(Tcp::connect(server.tcp).await.rest().await, format!("{said}\n"));
    assert_eq!(WebSocket::connect(server.http, false).await.expect_close(1013).await, said);
    let elsewhere = [("x-forwarded-for", "192.0.2.1")];
    let mut other = WebSocket::connect_with(server.http, true, &elsewhere).await;
    other.expect_place(2).await;
    WebSocket::connect_with(server.http, true, &elsewhere).await.expect_close(1013).await;
    holder.leave().await;
    waiter.expect_turn().await;
    // Who has the turn waits no more.
    Tcp::connect(server.tcp).await.send("oi").await;
    other.expect_place(1).await;
}

/// With all connections open, the next one waits in the system's backlog, and is served when one closes.
#[tokio::test]
async fn as_many_connections_are_open_as_may() {
    let server = TestServer::with(|options| options.access.connections = Some(2)).await;
    let mut first = server.connect(Kind::Tcp).await;
    first.chat("um").await;
    let second = server.connect(Kind::Plain).await;
    let mut third = Tcp::connect(server.tcp).await;
    third.send("três\n").await;
    first.chat("dois").await;
    drop(second);
    first.leave().await;
    third.expect("Servidor recebeu: 'três'\n").await;
}

/// A single connection is for whoever comes first, over whichever port.
#[tokio::test]
async fn nobody_takes_a_slot_before_coming() {
    let server = TestServer::with(|options| options.access.connections = Some(1)).await;
    assert_eq!(health(server.http).await["status"], "ok");
    server.connect(Kind::Tcp).await.chat("um").await;
}

/// One address can take neither all connections nor those that requests need.
#[tokio::test]
async fn idle_connections_of_one_address_leave_room_for_others() {
    let server = TestServer::with(|options| options.access.connections = Some(16)).await;
    let mut idle = Vec::new();
    for _ in 0..40 {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.2:0".parse().unwrap()).unwrap();
        idle.push(within("a connection", socket.connect(server.http)).await.unwrap());
    }
    let mut visitors = Vec::new();
    for _ in 0..14 {
        visitors.push(Tcp::connect(server.tcp).await);
    }
    assert_eq!(health(server.http).await["status"], "ok");
}
