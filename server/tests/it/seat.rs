//! The seat of a `vez.v1` client outlives its connection.

mod cuts;

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use rstest::rstest;
use tokio::io::AsyncWriteExt;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message};
use vez_protocol::{ByeReason, ClientEvent, SEAT, SUBPROTOCOL, ServerEvent};
use vez_server::{Framing, Options};

use crate::common::binary::{Binary, command};
use crate::common::{Kind, TestServer, WebSocket, within};

/// Longer than a test; a seat that is kept is not given up by itself.
const LONG: Duration = Duration::from_secs(600);
/// Not long.
const SHORT: Duration = Duration::from_millis(300);

async fn server(grace: Duration) -> TestServer {
    server_with(grace, |_| {}).await
}

async fn server_with(grace: Duration, configure: impl FnOnce(&mut Options)) -> TestServer {
    TestServer::with(|options| {
        options.connections.grace = grace;
        configure(options);
    })
    .await
}

/// A server in front of a script.
async fn exec(script: &str, framing: Framing) -> TestServer {
    server_with(LONG, |options| {
        options.behind.exec = true;
        options.behind.framing = Some(framing);
        options.behind.program = ["sh", "-c", script].map(Into::into).into();
    })
    .await
}

/// A client, and the token of its seat.
async fn sit(server: &TestServer) -> (WebSocket, String) {
    let mut client = WebSocket::connect(server.http, true).await;
    let (token, lost) = client.expect_seat().await;
    assert!(!lost);
    (client, token)
}

/// Says something with an `id`.
async fn say(client: &mut WebSocket, text: &str, id: u64) {
    let event = ClientEvent::Message { text: text.into(), id: Some(id) };
    client.send(Message::text(event.to_json())).await;
}

async fn tell(client: &mut WebSocket, event: ClientEvent<'_>) {
    client.send(Message::text(event.to_json())).await;
}

/// How a connection is lost.
#[derive(Clone, Copy, Debug)]
enum Loss {
    /// The network is gone, and with it the connection.
    Reset,
    /// The browser was killed.
    End,
    /// The tab was closed (RFC 6455 §7.4.1, 1001), or the page closed its socket.
    GoingAway,
    NoCode,
}

impl Loss {
    async fn lose(self, mut client: WebSocket) {
        let close = CloseFrame { code: 1001.into(), reason: "".into() };
        match self {
            Self::Reset => {
                let stream = client.stream.into_inner();
                stream.set_zero_linger().unwrap();
            }
            Self::End => drop(client),
            Self::GoingAway => client.stream.close(Some(close)).await.unwrap(),
            Self::NoCode => client.stream.close(None).await.unwrap(),
        }
    }
}

#[rstest]
#[case::reset(Loss::Reset)]
#[case::end(Loss::End)]
#[case::going_away(Loss::GoingAway)]
#[case::no_code(Loss::NoCode)]
#[tokio::test]
async fn who_waits_comes_back_to_its_place(#[case] loss: Loss) {
    let server = server(LONG).await;
    let mut holder = server.connect(Kind::Tcp).await;
    holder.chat("oi").await;
    let (mut first, token) = sit(&server).await;
    first.expect_place(1).await;
    let (mut second, _) = sit(&server).await;
    second.expect_place(2).await;
    loss.lose(first).await;
    let mut first = WebSocket::back(server.http, &token, 0).await;
    assert_eq!(first.expect_seat().await, (token, false));
    first.expect_place(1).await;
    holder.leave().await;
    first.expect_turn().await;
    second.expect_place(1).await;
    say(&mut first, "voltei", 1).await;
    first.expect_reply("Servidor recebeu: 'voltei'").await;
}

#[rstest]
#[case::reset(Loss::Reset)]
#[case::end(Loss::End)]
#[case::going_away(Loss::GoingAway)]
#[case::no_code(Loss::NoCode)]
#[tokio::test]
async fn who_has_the_turn_comes_back_to_it_and_to_what_was_said_meanwhile(#[case] loss: Loss) {
    let server = server(LONG).await;
    let (mut holder, token) = sit(&server).await;
    holder.expect_turn().await;
    say(&mut holder, "um", 1).await;
    holder.expect_reply("Servidor recebeu: 'um'").await;
    say(&mut holder, "dois", 2).await;
    server.transcript.wait_for(": dois").await;
    loss.lose(holder).await;
    let mut other = server.connect(Kind::Events).await;
    let mut holder = WebSocket::back(server.http, &token, 1).await;
    let seat = holder.any_event().await;
    assert!(matches!(seat, ServerEvent::Seat { lost: false, last_id: Some(2), .. }), "{seat:?}");
    holder.expect_turn().await;
    let reply = ServerEvent::Reply { text: "Servidor recebeu: 'dois'".into(), to: Some(2) };
    assert_eq!(holder.event().await, reply);
    say(&mut holder, "três", 3).await;
    let reply = ServerEvent::Reply { text: "Servidor recebeu: 'três'".into(), to: Some(3) };
    assert_eq!(holder.event().await, reply);
    tell(&mut holder, ClientEvent::Leave).await;
    other.chat("enfim").await;
}

#[tokio::test]
async fn a_seat_is_kept_for_the_grace_and_not_longer() {
    let server = server(SHORT).await;
    let (mut holder, token) = sit(&server).await;
    holder.expect_turn().await;
    let mut next = WebSocket::connect(server.http, true).await;
    next.expect_place(1).await;
    let lost = Instant::now();
    Loss::Reset.lose(holder).await;
    next.expect_turn().await;
    assert!(lost.elapsed() >= SHORT, "{:?}", lost.elapsed());
    let mut late = WebSocket::back(server.http, &token, 0).await;
    let (new, lost) = late.expect_seat().await;
    assert!(lost && new != token);
    late.expect_place(1).await;
}

#[tokio::test]
async fn a_place_in_the_queue_is_kept_for_the_grace_and_not_longer() {
    let server = server(SHORT).await;
    let mut holder = server.connect(Kind::Tcp).await;
    holder.chat("oi").await;
    let (mut first, _) = sit(&server).await;
    first.expect_place(1).await;
    let mut second = WebSocket::connect(server.http, true).await;
    second.expect_place(2).await;
    let lost = Instant::now();
    Loss::Reset.lose(first).await;
    second.expect_place(1).await;
    assert!(lost.elapsed() >= SHORT, "{:?}", lost.elapsed());
}

/// How somebody leaves for good.
#[rstest]
#[case::event(Some(ClientEvent::Leave), None)]
#[case::word(Some(ClientEvent::Message { text: "sair".into(), id: Some(1) }), None)]
#[case::normal_closure(None, Some(1000))]
#[tokio::test]
async fn who_leaves_has_no_seat_any_more(
    #[case] event: Option<ClientEvent<'static>>,
    #[case] code: Option<u16>,
    #[values(true, false)] waits: bool,
) {
    let server = server(LONG).await;
    let holder = if waits { Some(server.connect(Kind::Tcp).await) } else { None };
    let (mut client, token) = sit(&server).await;
    if waits {
        client.expect_place(1).await
    } else {
        client.expect_turn().await
    }
    let mut next = WebSocket::connect(server.http, true).await;
    next.expect_place(1 + usize::from(waits)).await;
    if let Some(event) = event {
        tell(&mut client, event).await;
    }
    if let Some(code) = code {
        let close = CloseFrame { code: code.into(), reason: "".into() };
        client.stream.close(Some(close)).await.unwrap();
    }
    if waits {
        next.expect_place(1).await
    } else {
        next.expect_turn().await
    }
    let mut late = WebSocket::back(server.http, &token, 0).await;
    assert!(late.expect_seat().await.1, "the seat was given up");
    drop(holder);
}

#[rstest]
#[tokio::test]
async fn another_connection_takes_the_seat_over(#[values(true, false)] waits: bool) {
    let server = server(LONG).await;
    let holder = if waits { Some(server.connect(Kind::Tcp).await) } else { None };
    let (mut first, token) = sit(&server).await;
    if waits {
        first.expect_place(1).await
    } else {
        first.expect_turn().await
    }
    let mut second = WebSocket::back(server.http, &token, 0).await;
    assert_eq!(second.expect_seat().await, (token, false));
    if waits {
        second.expect_place(1).await
    } else {
        second.expect_turn().await
    }
    let bye = first.event().await;
    assert!(matches!(bye, ServerEvent::Bye { reason: ByeReason::TakenOver, .. }), "{bye:?}");
    first.expect_close(4001).await;
    assert!(first.stream.next().await.is_none_or(|end| end.is_err()), "it is closed");
    if let Some(holder) = holder {
        holder.leave().await;
        second.expect_turn().await;
    }
    say(&mut second, "aqui", 1).await;
    second.expect_reply("Servidor recebeu: 'aqui'").await;
}

#[tokio::test]
async fn of_ten_that_come_at_once_one_has_the_seat() {
    let server = server(LONG).await;
    let (holder, token) = sit(&server).await;
    let comers = (0..10).map(|_| WebSocket::back(server.http, &token, 0));
    let mut comers = futures_util::future::join_all(comers).await;
    comers.push(holder);
    let ends = comers.into_iter().map(async |mut comer| {
        loop {
            match within("an event", comer.stream.next()).await {
                Some(Ok(Message::Close(Some(close)))) => {
                    assert_eq!(u16::from(close.code), 4001);
                    return None;
                }
                Some(Ok(Message::Text(event))) if event.contains(r#""type":"turn""#) => {
                    say(&mut comer, "oi", 1).await;
                }
                Some(Ok(Message::Text(event))) if event.contains(r#""type":"reply""#) => {
                    return Some(comer);
                }
                Some(Ok(_)) => {}
                // What it said crossed the last words.
                None | Some(Err(_)) => return None,
            }
        }
    });
    let ends = futures_util::future::join_all(ends).await;
    // One that had the turn for a moment may have been answered too.
    let mut last: Vec<_> = ends.into_iter().flatten().collect();
    assert!(!last.is_empty());
    for client in &mut last {
        // Only the last connection has the seat.
        let _ = client.stream.send(Message::text(ClientEvent::Leave.to_json())).await;
    }
    server.transcript.sessions(1).await;
    let text = server.transcript.text();
    assert_eq!(text.matches("Conectado por").count(), 1, "{text}");
}

#[rstest]
#[case::nothing("")]
#[case::garbage("!!!")]
#[case::short("AAAA")]
#[case::long(&"A".repeat(4000))]
#[case::unknown("AAAAAAAAAAAAAAAAAAAAAA")]
#[case::count("AAAAAAAAAAAAAAAAAAAAAA.99999999999999999999999")]
#[tokio::test]
async fn what_names_no_seat_is_a_newcomers(#[case] token: &str) {
    let server = server(LONG).await;
    let offer = format!("{SUBPROTOCOL}, {SEAT}{token}");
    let headers = [("sec-websocket-protocol", offer.as_str())];
    let mut client = WebSocket::connect_with(server.http, true, &headers).await;
    let (new, lost) = client.expect_seat().await;
    assert!(lost && new != token);
    client.expect_turn().await;
}

#[tokio::test]
async fn who_claims_to_have_received_what_was_not_said_misses_nothing_new() {
    let server = server(LONG).await;
    let (mut holder, token) = sit(&server).await;
    holder.expect_turn().await;
    Loss::Reset.lose(holder).await;
    let mut holder = WebSocket::back(server.http, &token, u64::MAX).await;
    tell(&mut holder, ClientEvent::Received { count: u64::MAX }).await;
    holder.expect_seat().await;
    holder.expect_turn().await;
    say(&mut holder, "oi", 1).await;
    holder.expect_reply("Servidor recebeu: 'oi'").await;
}

#[tokio::test]
async fn without_grace_there_is_no_seat() {
    let server = server(Duration::ZERO).await;
    let mut client = WebSocket::connect(server.http, true).await;
    let first = client.any_event().await;
    assert!(matches!(first, ServerEvent::Turn { .. }), "{first:?}");
    let mut next = WebSocket::connect(server.http, true).await;
    next.expect_place(1).await;
    Loss::GoingAway.lose(client).await;
    next.expect_turn().await;
}

#[tokio::test]
async fn the_time_without_a_connection_is_silence() {
    let server = server_with(LONG, |options| options.turns.idle_limit = Some(SHORT)).await;
    let (mut holder, token) = sit(&server).await;
    holder.expect_turn().await;
    let mut next = WebSocket::connect(server.http, true).await;
    next.expect_place(1).await;
    Loss::Reset.lose(holder).await;
    next.expect_turn().await;
    // The last words wait for who comes back.
    let mut holder = WebSocket::back(server.http, &token, 0).await;
    assert_eq!(holder.expect_seat().await, (token, false));
    holder.expect_turn().await;
    let bye = loop {
        match holder.event().await {
            ServerEvent::Warning { .. } => {}
            other => break other,
        }
    };
    assert!(matches!(bye, ServerEvent::Bye { reason: ByeReason::IdleLimit, .. }), "{bye:?}");
    holder.expect_close(1008).await;
}

#[tokio::test]
async fn a_flood_for_who_is_away_waits_and_arrives_whole() {
    const LINES: usize = 200_000;
    let server = exec(&format!("read x; seq {LINES}; read y; echo fim"), Framing::Line).await;
    let (mut holder, token) = sit(&server).await;
    holder.expect_turn().await;
    tell(&mut holder, ClientEvent::Received { count: 0 }).await;
    say(&mut holder, "vai", 1).await;
    let (mut received, mut next) = (0, 1);
    let mut cuts = [1, 700, 70_000, 150_000].into_iter().peekable();
    while next <= LINES {
        let (ServerEvent::Reply { text, .. } | ServerEvent::Output { text }) = holder.event().await else {
            continue;
        };
        received += 1;
        for line in text.lines() {
            assert_eq!(line, next.to_string());
            next += 1;
        }
        if received % 100 == 0 {
            tell(&mut holder, ClientEvent::Received { count: received }).await;
        }
        if cuts.next_if(|cut| next > *cut).is_some() {
            Loss::Reset.lose(holder).await;
            holder = WebSocket::back(server.http, &token, received).await;
        }
    }
    say(&mut holder, "acaba", 2).await;
    holder.expect_reply("fim").await;
}

/// Of what was on the way when the connection was lost, all is said again to a client that tells what it received.
#[rstest]
#[case::some(4_000_000, true)]
#[case::too_much(40_000_000, false)]
#[tokio::test]
async fn what_is_not_confirmed_is_said_again_or_the_seat_is_lost(#[case] bytes: usize, #[case] kept: bool) {
    let server = exec(&format!("read x; head -c {bytes} /dev/zero; cat"), Framing::Raw).await;
    let (mut first, _) = sit(&server).await;
    first.expect_turn().await;
    // Said while it waits, as clients do.
    let (mut holder, token) = sit(&server).await;
    holder.expect_place(1).await;
    tell(&mut holder, ClientEvent::Received { count: 0 }).await;
    tell(&mut holder, ClientEvent::Ping).await;
    assert_eq!(holder.event().await, ServerEvent::Pong);
    tell(&mut first, ClientEvent::Leave).await;
    holder.expect_turn().await;
    holder.send(Message::binary("\n")).await;
    read(&mut holder, bytes).await;
    Loss::Reset.lose(holder).await;
    let mut holder = WebSocket::back(server.http, &token, 0).await;
    holder.expect_seat().await;
    holder.expect_turn().await;
    if kept {
        read(&mut holder, bytes).await;
        holder.send(Message::binary("fim")).await;
        assert_eq!(holder.frame().await, Message::binary("fim"));
    } else {
        let bye = holder.event().await;
        assert!(matches!(bye, ServerEvent::Bye { reason: ByeReason::Lost, .. }), "{bye:?}");
        holder.expect_close(1012).await;
    }
}

/// Reads so many bytes of a stream.
async fn read(client: &mut WebSocket, mut bytes: usize) {
    while bytes > 0 {
        if let Message::Binary(piece) = client.frame().await {
            bytes -= piece.len();
        }
    }
}

/// What a client confirms may lie behind what it says, which nobody takes before more is said to it.
#[tokio::test]
async fn what_is_confirmed_late_holds_nothing_up() {
    const BYTES: usize = 8_000_000;
    let server = exec("cat", Framing::Raw).await;
    let (mut holder, _) = sit(&server).await;
    tell(&mut holder, ClientEvent::Received { count: 0 }).await;
    holder.expect_turn().await;
    let (mut sending, mut reading) = holder.stream.split();
    let send = async {
        for _ in 0..BYTES / 50_000 {
            sending.send(Message::binary(vec![b'x'; 50_000])).await.unwrap();
        }
        sending.send(Message::text(ClientEvent::Received { count: 1 }.to_json())).await.unwrap();
    };
    let read = async {
        let mut bytes = 0;
        while bytes < BYTES {
            if let Message::Binary(piece) = within("a piece", reading.next()).await.unwrap().unwrap() {
                bytes += piece.len();
            }
        }
    };
    tokio::join!(send, read);
}

#[tokio::test]
async fn what_was_said_while_waiting_is_answered_once_over_another_connection() {
    let server = server(LONG).await;
    let mut holder = server.connect(Kind::Tcp).await;
    holder.chat("oi").await;
    let (mut next, token) = sit(&server).await;
    next.expect_place(1).await;
    say(&mut next, "cedo", 1).await;
    tell(&mut next, ClientEvent::Ping).await;
    assert_eq!(next.event().await, ServerEvent::Pong);
    Loss::Reset.lose(next).await;
    let mut next = WebSocket::back(server.http, &token, 0).await;
    let seat = next.any_event().await;
    assert!(matches!(seat, ServerEvent::Seat { lost: false, last_id: Some(1), .. }), "{seat:?}");
    next.expect_place(1).await;
    holder.leave().await;
    next.expect_turn().await;
    next.expect_reply("Servidor recebeu: 'cedo'").await;
    say(&mut next, "tarde", 2).await;
    next.expect_reply("Servidor recebeu: 'tarde'").await;
}

#[tokio::test]
async fn a_stream_goes_on_over_another_connection() {
    let server = exec("cat", Framing::Raw).await;
    let (mut holder, token) = sit(&server).await;
    holder.expect_turn().await;
    holder.send(Message::binary("um")).await;
    assert_eq!(holder.frame().await, Message::binary("um"));
    Loss::Reset.lose(holder).await;
    let mut holder = WebSocket::back(server.http, &token, 1).await;
    let seat = holder.any_event().await;
    assert!(matches!(seat, ServerEvent::Seat { lost: false, bytes: 2, .. }), "{seat:?}");
    holder.expect_turn().await;
    holder.send(Message::binary("dois")).await;
    assert_eq!(holder.frame().await, Message::binary("dois"));
    Loss::Reset.lose(holder).await;
    let mut holder = WebSocket::back(server.http, &token, 2).await;
    let seat = holder.any_event().await;
    assert!(matches!(seat, ServerEvent::Seat { bytes: 6, .. }), "{seat:?}");
}

#[tokio::test]
async fn a_warning_is_told_again() {
    let server = server_with(LONG, |options| {
        options.turns.idle_limit = Some(Duration::from_secs(2));
        options.turns.warn_before = LONG;
    })
    .await;
    let (mut holder, token) = sit(&server).await;
    holder.expect_turn().await;
    let mut next = server.connect(Kind::Tcp).await;
    next.say("oi").await;
    let warning = holder.event().await;
    assert!(matches!(warning, ServerEvent::Warning { .. }), "{warning:?}");
    Loss::Reset.lose(holder).await;
    let mut holder = WebSocket::back(server.http, &token, 0).await;
    holder.expect_turn().await;
    let warning = holder.event().await;
    assert!(matches!(warning, ServerEvent::Warning { reason: ByeReason::IdleLimit, .. }), "{warning:?}");
    tell(&mut holder, ClientEvent::Stay).await;
    tell(&mut holder, ClientEvent::Ping).await;
    assert_eq!(holder.event().await, ServerEvent::Pong);
    Loss::Reset.lose(holder).await;
    let mut holder = WebSocket::back(server.http, &token, 0).await;
    holder.expect_turn().await;
    tell(&mut holder, ClientEvent::Ping).await;
    assert_eq!(holder.event().await, ServerEvent::Pong, "what was answered threatens no more");
}

/// A client that has closed its sending side is told what it can be told, and is not there any more.
#[tokio::test]
async fn who_has_half_closed_still_hears_the_end() {
    let server = server(SHORT).await;
    let (mut holder, _) = sit(&server).await;
    holder.expect_turn().await;
    say(&mut holder, "oi", 1).await;
    holder.stream.get_mut().shutdown().await.unwrap();
    holder.expect_reply("Servidor recebeu: 'oi'").await;
    holder.expect_close(1000).await;
}

#[tokio::test]
async fn a_token_is_good_for_the_same_user_only() {
    let server = server_with(LONG, |options| {
        options.access.user_header = Some("x-user".parse().unwrap());
        options.access.tcp_anyone = true;
        options.access.trusted_proxy = vec!["127.0.0.1/32".parse().unwrap()];
    })
    .await;
    let mut maria = WebSocket::connect_with(server.http, true, &[("x-user", "maria")]).await;
    let (token, _) = maria.expect_seat().await;
    maria.expect_turn().await;
    let offer = format!("{SUBPROTOCOL}, {SEAT}{token}");
    let back = async |user| {
        let headers = [("x-user", user), ("sec-websocket-protocol", offer.as_str())];
        WebSocket::connect_with(server.http, true, &headers).await
    };
    let mut other = back("jonas").await;
    let (new, lost) = other.expect_seat().await;
    assert!(lost && new != token);
    other.expect_place(1).await;
    let mut maria = back("maria").await;
    assert_eq!(maria.expect_seat().await, (token, false));
    maria.expect_turn().await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn who_is_away_costs_little_whatever_is_said_to_it() {
    let server = Binary::start(&["--grace", "10m", "--framing", "raw", "--exec", "--", "yes"]).await;
    let mut holder = WebSocket::connect(server.http, true).await;
    holder.expect_seat().await;
    holder.expect_turn().await;
    tell(&mut holder, ClientEvent::Received { count: 0 }).await;
    Loss::Reset.lose(holder).await;
    let mut waiting = WebSocket::connect(server.http, true).await;
    waiting.expect_place(1).await;
    let before = server.resident();
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(server.resident() - before < 2 << 20, "{before} and then {}", server.resident());
}

#[tokio::test]
async fn tokens_are_nowhere_to_be_read() {
    let mut command = command(&["--grace", "300ms"]);
    command.env("VEZ_LOG", "trace").env("RUST_LOG", "trace");
    let mut server = Binary::spawn(command);
    let mut holder = WebSocket::connect(server.http, true).await;
    let (token, _) = holder.expect_seat().await;
    holder.expect_turn().await;
    Loss::Reset.lose(holder).await;
    let mut holder = WebSocket::back(server.http, &token, 0).await;
    holder.expect_turn().await;
    tell(&mut holder, ClientEvent::Leave).await;
    let log = server.log_up_to("the session is over");
    assert!(log.contains("came back") && !log.contains(&token), "{log}");
}
