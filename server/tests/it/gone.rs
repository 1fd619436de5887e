//! Peers that are gone, or as good as gone: they answer no ping, never read, or never close.

use std::time::Duration;

use rstest::rstest;
use tokio::io::AsyncWriteExt;
use tokio_tungstenite::tungstenite::protocol::Message;

use crate::common::{Client, Kind, Tcp, TestServer, WebSocket, within};

const SHORT: Duration = Duration::from_millis(200);

/// A client that answers no ping, because it is not polled, is gone; waiting or not.
#[rstest]
#[tokio::test]
async fn a_websocket_that_answers_no_ping_is_gone(#[values(false, true)] waiting: bool) {
    let server = TestServer::with(|options| {
        options.connections.ping = SHORT;
        options.connections.pong_wait = SHORT;
    })
    .await;
    let holder = if waiting { Some(Tcp::connect(server.tcp).await) } else { None };
    let _mute = WebSocket::connect(server.http, false).await;
    let mut watcher = WebSocket::connect(server.http, true).await;
    if holder.is_some() {
        watcher.expect_place(2).await;
        watcher.expect_place(1).await;
    } else {
        watcher.expect_turn().await;
        server.transcript.wait_for("o cliente não responde há").await;
    }
}

#[tokio::test]
async fn a_websocket_that_answers_pings_stays() {
    let server = TestServer::with(|options| {
        options.connections.ping = SHORT / 4;
        options.connections.pong_wait = SHORT * 5;
    })
    .await;
    let mut client = WebSocket::connect(server.http, true).await;
    client.expect_turn().await;
    let mut pings = 0;
    while pings < 5 {
        let frame = within("a ping", futures_util::StreamExt::next(&mut client.stream)).await;
        assert!(matches!(frame, Some(Ok(Message::Ping(_)))), "{frame:?}");
        pings += 1;
    }
    client.say("oi").await;
    client.expect_reply("Servidor recebeu: 'oi'").await;
}

/// A holder that never reads its replies is gone after the write limit.
#[rstest]
#[case(Kind::Tcp)]
#[case(Kind::Plain)]
#[tokio::test]
async fn one_who_never_reads_is_gone(#[case] kind: Kind) {
    let server = TestServer::with(|options| options.connections.write_limit = SHORT).await;
    let holder = server.connect(kind).await;
    let mut next = server.connect(Kind::Events).await;
    let mut stream = match holder {
        Client::Tcp(tcp) => tcp.stream,
        Client::WebSocket(websocket) => websocket.stream.into_inner(),
    };
    let flood = match kind {
        Kind::Tcp => b"mensagem\n".repeat(10_000),
        _ => [b"\x81\x88\0\0\0\0mensagem".as_slice()].concat().repeat(10_000),
    };
    tokio::spawn(async move {
        while stream.write_all(&flood).await.is_ok() {}
        stream
    });
    next.chat("dois").await;
    server.transcript.wait_for("o cliente não responde há 200ms").await;
}

/// A holder that asks and asks, and never reads the answers, is gone when too many wait for it.
#[tokio::test]
async fn one_who_never_reads_its_pongs_is_gone() {
    let server = TestServer::with(|options| options.connections.write_limit = SHORT).await;
    let holder = WebSocket::connect(server.http, true).await;
    let mut next = server.connect(Kind::Tcp).await;
    let mut stream = holder.stream.into_inner();
    socket2::SockRef::from(&stream).set_recv_buffer_size(4096).unwrap();
    let flood = b"\x81\x8f\0\0\0\0{\"type\":\"ping\"}".repeat(10_000);
    tokio::spawn(async move {
        while stream.write_all(&flood).await.is_ok() {}
        stream
    });
    server.transcript.wait_for("o cliente não responde há").await;
    next.chat("dois").await;
}

/// Who says `sair` and then neither answers the Close frame nor closes holds nobody up.
#[rstest]
#[case(Kind::Tcp)]
#[case(Kind::Plain)]
#[case(Kind::Events)]
#[tokio::test]
async fn the_lock_is_free_as_soon_as_the_farewell_is_written(#[case] kind: Kind) {
    let server = TestServer::with(|options| options.turns.linger = Duration::from_secs(3600)).await;
    let mut holder = server.connect(kind).await;
    let mut next = server.connect(Kind::Tcp).await;
    holder.say("sair").await;
    next.chat("dois").await;
    drop(holder);
}

/// A frame that arrives byte by byte is a sign of life with each of them.
#[tokio::test]
async fn a_frame_that_arrives_slowly_is_no_silence() {
    let server = TestServer::with(|options| {
        options.connections.ping = SHORT;
        options.connections.pong_wait = SHORT;
    })
    .await;
    let client = WebSocket::connect(server.http, false).await;
    let mut stream = client.stream.into_inner();
    let mut frame = vec![0x81, 0xfe, 0x4e, 0x20, 0, 0, 0, 0];
    frame.extend_from_slice(&[b'x'; 20_000]);
    for piece in frame.chunks(frame.len() / 12) {
        stream.write_all(piece).await.unwrap();
        // Slower than a peer may be silent altogether, and each piece sooner than it must answer.
        tokio::time::sleep(SHORT / 2).await;
    }
    server.transcript.wait_for("Mensagem recebida").await;
}

/// Who waits, has said as much as is kept, and vanishes, is found out soon.
#[rstest]
#[tokio::test]
async fn one_whose_room_is_full_and_who_vanishes_frees_its_place(#[values(false, true)] by_reset: bool) {
    let server = TestServer::with(|options| options.connections.kept_messages = 1).await;
    let mut holder = server.connect(Kind::Tcp).await;
    holder.chat("um").await;
    let mut leaver = server.connect(Kind::Plain).await;
    leaver.say("um").await;
    leaver.say("dois").await;
    let mut watcher = WebSocket::connect(server.http, true).await;
    watcher.expect_place(2).await;
    let start = std::time::Instant::now();
    if by_reset {
        leaver.reset();
    } else {
        drop(leaver);
    }
    watcher.expect_place(1).await;
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}
