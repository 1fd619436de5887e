//! The six promises about the queue (DESIGN 3.5), over mixed transports and with every kind of responder.

use crate::common::behind::Behind;
use crate::common::{Client, Kind, PATIENCE, Tcp, within};
use rstest::rstest;
use tokio::io::AsyncWriteExt;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::protocol::Message;

/// Every kind of client, twice, in a mixed order.
const MIXED: [Kind; 6] = [Kind::Tcp, Kind::Plain, Kind::Events, Kind::Plain, Kind::Tcp, Kind::Events];

/// Promises 1 and 2, from what the transcript says: sessions never overlap and come in the order of arrival.
#[rstest]
#[tokio::test]
async fn one_at_a_time_in_the_order_of_arrival(
    #[values(Behind::Report, Behind::Program, Behind::Connection)] behind: Behind,
) {
    let server = behind.start().await;
    let mut clients = Vec::new();
    for (index, kind) in MIXED.into_iter().cycle().take(30).enumerate() {
        clients.push(server.connect(kind).await);
        server.await_waiting(index).await;
    }
    let order: Vec<String> = clients.iter().map(Client::shown).collect();
    let talks = clients.into_iter().map(|mut client| async move {
        client.chat("oi").await;
        client.leave().await;
    });
    futures_util::future::join_all(talks).await;
    let lines = server.transcript.sessions(30).await;
    assert_eq!(lines.len(), 30 * 5);
    for (session, who) in lines.chunks(5).zip(&order) {
        assert_eq!(session[0], format!("Conectado por {who}"));
        assert!(session.iter().all(|line| line.contains(who)), "{session:?}");
        assert_eq!(session[4], format!("Conexão com {who} encerrada."));
    }
}

/// Promise 2: whoever sees its WebSocket handshake done has its place, before any later connection.
#[rstest]
#[tokio::test]
async fn a_websocket_has_its_place_when_its_handshake_is_done(
    #[values(Behind::Report, Behind::Program, Behind::Connection)] behind: Behind,
) {
    let server = behind.start().await;
    let mut holder = server.connect(Kind::Tcp).await;
    holder.chat("um").await;
    let mut line = Vec::new();
    for _ in 0..20 {
        line.push(server.connect(Kind::Plain).await);
        line.push(server.connect(Kind::Tcp).await);
        server.await_waiting(line.len()).await;
    }
    holder.leave().await;
    for mut client in line {
        client.chat("oi").await;
        client.leave().await;
    }
}

/// Promise 1: nobody who waits is answered, whatever it sends.
#[rstest]
#[tokio::test]
async fn who_waits_is_not_answered(
    #[values(Kind::Tcp, Kind::Plain, Kind::Events)] holder: Kind,
    #[values(Kind::Tcp, Kind::Plain, Kind::Events)] waiter: Kind,
    #[values(Behind::Report, Behind::Program, Behind::Connection)] behind: Behind,
) {
    let server = behind.start().await;
    let mut first = server.connect(holder).await;
    first.chat("um").await;
    let mut second = server.connect(waiter).await;
    second.say("cedo").await;
    server.await_waiting(1).await;
    for _ in 0..20 {
        first.chat("ainda").await;
    }
    assert!(!server.transcript.text().contains("cedo"));
    first.leave().await;
    second.expect_reply("Servidor recebeu: 'cedo'").await;
}

/// How a session can end.
#[derive(Clone, Copy, Debug)]
enum Way {
    Farewell,
    InputOver,
    Reset,
    NoText,
    TooBig,
}

/// Promise 3: however a session ends, the next in line is served.
#[rstest]
#[tokio::test]
async fn the_lock_is_free_however_a_session_ends(
    #[values(Kind::Tcp, Kind::Plain, Kind::Events)] kind: Kind,
    #[values(Way::Farewell, Way::InputOver, Way::Reset, Way::NoText, Way::TooBig)] way: Way,
    #[values(Behind::Report, Behind::Program, Behind::Connection)] behind: Behind,
) {
    let server = behind.start().await;
    let mut holder = server.connect(kind).await;
    holder.chat("um").await;
    let mut next = server.connect(Kind::Tcp).await;
    server.await_waiting(1).await;
    // Kept open until the next was served: it must not matter when the peer closes.
    let _open = match (way, holder) {
        (Way::Farewell, mut holder) => {
            holder.say("sair").await;
            Some(holder)
        }
        (Way::InputOver, Client::Tcp(mut tcp)) => {
            tcp.stream.shutdown().await.unwrap();
            Some(Client::Tcp(tcp))
        }
        (Way::InputOver, Client::WebSocket(mut websocket)) => {
            websocket.stream.get_mut().shutdown().await.unwrap();
            Some(Client::WebSocket(websocket))
        }
        (Way::Reset, holder) => {
            holder.reset();
            None
        }
        (Way::NoText, Client::Tcp(mut tcp)) => {
            tcp.send(b"\xff").await;
            Some(Client::Tcp(tcp))
        }
        (Way::NoText, Client::WebSocket(mut websocket)) => {
            websocket.send(Message::binary(b"\xff".as_slice())).await;
            Some(Client::WebSocket(websocket))
        }
        (Way::TooBig, Client::Tcp(mut tcp)) => {
            tcp.send("\n".to_owned() + &"x".repeat(70_000)).await;
            Some(Client::Tcp(tcp))
        }
        (Way::TooBig, Client::WebSocket(mut websocket)) => {
            websocket.send(Message::text("x".repeat(70_000))).await;
            Some(Client::WebSocket(websocket))
        }
    };
    next.chat("dois").await;
}

/// Promise 4: whoever leaves the queue frees its place at once, and those behind move up.
#[rstest]
#[tokio::test]
async fn who_leaves_the_queue_frees_its_place(
    #[values(Kind::Tcp, Kind::Plain, Kind::Events)] kind: Kind,
    #[values(false, true)] by_reset: bool,
    #[values(Behind::Report, Behind::Program, Behind::Connection)] behind: Behind,
) {
    let server = behind.start().await;
    let mut holder = server.connect(Kind::Tcp).await;
    holder.chat("um").await;
    let leaver = server.connect(kind).await;
    server.await_waiting(1).await;
    let Client::WebSocket(mut watcher) = server.connect(Kind::Events).await else { unreachable!() };
    watcher.expect_place(2).await;
    if by_reset {
        leaver.reset();
    } else {
        drop(leaver);
    }
    watcher.expect_place(1).await;
    holder.leave().await;
    watcher.expect_turn().await;
}

/// Promise 4: one who has sent something and then vanishes frees its place too.
#[rstest]
#[tokio::test]
async fn a_reset_frees_the_place_of_one_who_has_spoken(
    #[values(Kind::Tcp, Kind::Plain, Kind::Events)] kind: Kind,
    #[values(Behind::Report, Behind::Program, Behind::Connection)] behind: Behind,
) {
    let server = behind.start().await;
    let mut holder = server.connect(Kind::Plain).await;
    holder.chat("um").await;
    let mut leaver = server.connect(kind).await;
    leaver.say("oi").await;
    let Client::WebSocket(mut watcher) = server.connect(Kind::Events).await else { unreachable!() };
    watcher.expect_place(2).await;
    leaver.reset();
    watcher.expect_place(1).await;
}

/// Promise 4: a WebSocket that was dropped without a Close frame is not mistaken for a half-closed one.
#[rstest]
#[tokio::test]
async fn a_dropped_websocket_that_has_spoken_frees_its_place(
    #[values(Behind::Report, Behind::Program, Behind::Connection)] behind: Behind,
) {
    let server = behind.start().await;
    let mut holder = server.connect(Kind::Tcp).await;
    holder.chat("um").await;
    let mut leaver = server.connect(Kind::Plain).await;
    leaver.say("oi").await;
    let Client::WebSocket(mut watcher) = server.connect(Kind::Events).await else { unreachable!() };
    watcher.expect_place(2).await;
    drop(leaver);
    watcher.expect_place(1).await;
}

/// Promise 5: what was sent while waiting is answered in order when the turn comes, even after the sender has
/// closed its sending side.
#[rstest]
#[tokio::test]
async fn what_was_sent_while_waiting_is_answered(
    #[values(Kind::Tcp, Kind::Plain, Kind::Events)] kind: Kind,
    #[values(false, true)] half_closed: bool,
    #[values(Behind::Report, Behind::Program, Behind::Connection)] behind: Behind,
) {
    let server = behind.start().await;
    let mut holder = server.connect(Kind::Plain).await;
    holder.chat("um").await;
    let mut waiter = server.connect(kind).await;
    let ending = if kind == Kind::Tcp { "\n" } else { "" };
    for i in 0..5 {
        waiter.say(&format!("{i}{ending}")).await;
    }
    if half_closed {
        let stream = match &mut waiter {
            Client::Tcp(tcp) => &mut tcp.stream,
            Client::WebSocket(websocket) => websocket.stream.get_mut(),
        };
        stream.shutdown().await.unwrap();
    }
    server.await_waiting(1).await;
    holder.leave().await;
    for i in 0..5 {
        waiter.expect_reply(&format!("Servidor recebeu: '{i}'{ending}")).await;
    }
    if !half_closed {
        waiter.say(&format!("fim{ending}")).await;
        waiter.expect_reply(&format!("Servidor recebeu: 'fim'{ending}")).await;
    }
}

/// Promise 6: a client that sends without end while it waits is pushed back, not kept in memory.
#[rstest]
#[tokio::test]
async fn a_flood_from_one_who_waits_meets_back_pressure(
    #[values(Kind::Tcp, Kind::Plain)] kind: Kind,
    #[values(Behind::Report, Behind::Program, Behind::Connection)] behind: Behind,
) {
    let server = behind.start().await;
    let mut holder = server.connect(Kind::Tcp).await;
    holder.chat("um").await;
    let flooder = server.connect(kind).await;
    let stream = match flooder {
        Client::Tcp(tcp) => tcp.stream,
        Client::WebSocket(websocket) => websocket.stream.into_inner(),
    };
    let (mut reader, mut writer) = stream.into_split();
    let frame = match kind {
        Kind::Tcp => b"mensagem\n".repeat(1000),
        // A masked text frame (RFC 6455 §5.2) with mask 0.
        _ => [b"\x81\x88\0\0\0\0mensagem".as_slice()].concat().repeat(1000),
    };
    let mut sent = 0;
    let stuck = std::time::Duration::from_millis(500);
    // Loopback buffers hold some megabytes; without back-pressure this would go on for ever.
    while let Ok(written) = timeout(stuck, writer.write(&frame)).await {
        sent += written.unwrap();
        assert!(sent < 64 << 20, "nothing pushes back");
    }
    holder.chat("dois").await;
    holder.leave().await;
    // The answers are read: they would push back in their turn.
    tokio::spawn(async move { tokio::io::copy(&mut reader, &mut tokio::io::sink()).await });
    let moved = timeout(PATIENCE, writer.write(&frame)).await;
    assert!(moved.is_ok_and(|written| written.is_ok()), "with the turn, the flood is read");
}

/// Promise 6: waiting costs no CPU.
#[cfg(target_os = "linux")]
#[rstest]
#[case::report(&[])]
#[case::program(&["--exec", "--", "cat"])]
#[tokio::test]
async fn waiting_costs_no_cpu(#[case] arguments: &[&str]) {
    let server = crate::common::binary::Binary::start(arguments).await;
    let mut waiting = Vec::new();
    for index in 0..150 {
        let mut client = Tcp::connect(server.tcp).await;
        if index % 2 == 1 {
            client.send("mensagem").await;
        }
        waiting.push(client);
    }
    within("150 connections", async {
        while crate::common::health(server.http).await["waiting"] != 149 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let before = server.cpu_ticks();
    // Time has to pass for a lack of activity to show; nothing can be awaited.
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    let used = server.cpu_ticks() - before;
    assert!(used <= 2, "150 waiting clients used {used} ticks (10 ms each) in a second");
}
