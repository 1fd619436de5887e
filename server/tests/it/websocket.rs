//! WebSockets: both styles, and what bad input gets.

use crate::common::{Kind, Tcp, TestServer, WebSocket};
use rstest::rstest;
use tokio_tungstenite::tungstenite::protocol::Message;
use vez_protocol::{ByeReason, ClientEvent, ServerEvent, TurnKind};

#[tokio::test]
async fn a_tool_without_a_subprotocol_sees_exactly_the_reports_conversation() {
    let server = TestServer::start().await;
    let holder = server.connect(Kind::Tcp).await;
    let mut tool = WebSocket::connect(server.http, false).await;
    tool.say("Olá").await;
    holder.leave().await;
    assert_eq!(tool.frame().await, Message::text("Servidor recebeu: 'Olá'"));
    tool.say("SAIR").await;
    assert_eq!(tool.frame().await, Message::text("Servidor: Desconectando..."));
    assert_eq!(tool.expect_close(1000).await, "");
}

#[tokio::test]
async fn a_binary_message_is_taken_as_the_text_that_it_spells() {
    let server = TestServer::start().await;
    let mut tool = WebSocket::connect(server.http, false).await;
    tool.send(Message::binary("Olá".as_bytes())).await;
    assert_eq!(tool.frame().await, Message::text("Servidor recebeu: 'Olá'"));
    tool.send(Message::binary(b"sair".as_slice())).await;
    tool.expect_bye("Servidor: Desconectando...").await;
    tool.expect_close(1000).await;
}

#[tokio::test]
async fn the_root_is_a_websocket_for_those_who_ask() {
    let server = TestServer::start().await;
    let stream = tokio::net::TcpStream::connect(server.http).await.unwrap();
    let url = format!("ws://{}/", server.http);
    let (stream, _) = tokio_tungstenite::client_async(url, stream).await.unwrap();
    let mut tool = WebSocket { stream, events: false };
    tool.say("oi").await;
    tool.expect_reply("Servidor recebeu: 'oi'").await;
}

#[tokio::test]
async fn with_vez_v1_the_queue_is_visible() {
    let server = TestServer::start().await;
    let mut holder = server.connect(Kind::Tcp).await;
    holder.chat("um").await;
    let mut first = WebSocket::connect(server.http, true).await;
    first.expect_place(1).await;
    let mut second = WebSocket::connect(server.http, true).await;
    second.expect_place(2).await;
    holder.leave().await;
    first.expect_turn().await;
    second.expect_place(1).await;
    first.say("oi").await;
    assert_eq!(first.event().await, ServerEvent::Reply { text: "Servidor recebeu: 'oi'".into(), to: None });
    first.say("sair").await;
    let bye = ServerEvent::Bye {
        reason: ByeReason::Farewell,
        text: "Servidor: Desconectando...".into(),
        status: None,
    };
    assert_eq!(first.event().await, bye);
    first.expect_close(1000).await;
    second.expect_turn().await;
}

#[tokio::test]
async fn sair_leaves_the_queue_too() {
    let server = TestServer::start().await;
    let _holder = server.connect(Kind::Tcp).await;
    let mut waiter = WebSocket::connect(server.http, true).await;
    waiter.expect_place(1).await;
    waiter.say("sair").await;
    waiter.expect_bye("Servidor: Desconectando...").await;
    waiter.expect_close(1000).await;
}

#[tokio::test]
async fn an_event_ping_is_answered_while_waiting_and_in_turn() {
    let server = TestServer::start().await;
    let mut holder = WebSocket::connect(server.http, true).await;
    holder.expect_turn().await;
    let mut waiter = WebSocket::connect(server.http, true).await;
    waiter.expect_place(1).await;
    for client in [&mut holder, &mut waiter] {
        client.send(Message::text(r#"{"type":"ping"}"#)).await;
        assert_eq!(client.event().await, ServerEvent::Pong);
    }
}

#[tokio::test]
async fn unknown_events_are_ignored() {
    let server = TestServer::start().await;
    let mut client = WebSocket::connect(server.http, true).await;
    client.expect_turn().await;
    client.send(Message::text(r#"{"type":"dança","passos":[1,2]}"#)).await;
    client.send(Message::text(r#"{"type":"message","text":"oi","cor":"azul"}"#)).await;
    client.expect_reply("Servidor recebeu: 'oi'").await;
}

fn message_event(text: &str) -> Message {
    Message::text(ClientEvent::Message { text: text.into(), id: None }.to_json())
}

/// A message is measured without the words and escapes of its event.
#[rstest]
#[case("é".repeat(32_768))]
#[case("\u{1}".repeat(65_536))]
#[tokio::test]
async fn an_event_may_carry_a_message_of_exactly_the_limit(#[case] text: String) {
    let server = TestServer::start().await;
    let mut client = WebSocket::connect(server.http, true).await;
    client.say(&text).await;
    client.expect_reply(&format!("Servidor recebeu: '{text}'")).await;
}

/// Bad input with the turn, by kind: what is sent, and the close code that it gets.
#[rstest]
#[case::binary_that_is_no_text(false, Message::binary(b"\xff".as_slice()), 1007)]
#[case::too_big(false, Message::text("x".repeat(65_537)), 1009)]
#[case::no_event(true, Message::text("olá"), 1007)]
#[case::event_without_its_text(true, Message::text(r#"{"type":"message"}"#), 1007)]
#[case::too_big_event(true, message_event(&"x".repeat(65_537)), 1009)]
#[case::too_big_frame(true, Message::text("x".repeat(65_536 * 6 + 1025)), 1009)]
#[tokio::test]
async fn bad_input_gets_its_close_code(
    #[case] events: bool,
    #[case] input: Message,
    #[case] code: u16,
    #[values(false, true)] waiting: bool,
) {
    let server = TestServer::start().await;
    let holder = if waiting { Some(server.connect(Kind::Tcp).await) } else { None };
    let mut client = WebSocket::connect(server.http, events).await;
    let mut next = server.connect(Kind::Plain).await;
    client.send(input).await;
    if let (Some(holder), false) = (holder, events || code == 1009) {
        // A waiting tool's binary message is judged when its turn comes.
        holder.leave().await;
    }
    let reason = client.expect_close(code).await;
    assert!(!reason.is_empty() && reason.len() <= 123, "{reason}");
    if !waiting {
        next.chat("oi").await;
    }
}

/// Raw bytes behind the handshake, and the close code that they get.
#[rstest]
#[case::unmasked_frame(b"\x81\x02oi", 1002)]
#[case::reserved_bit(b"\xc1\x82\0\0\0\0oi", 1002)]
#[case::unknown_opcode(b"\x83\x80\0\0\0\0", 1002)]
#[case::fragmented_ping(b"\x09\x80\0\0\0\0", 1002)]
#[case::text_that_is_no_utf8(b"\x81\x81\0\0\0\0\xff", 1007)]
#[tokio::test]
async fn broken_frames_get_their_close_code(#[case] bytes: &[u8], #[case] code: u16) {
    let server = TestServer::start().await;
    let mut client = WebSocket::connect(server.http, false).await;
    let mut next = server.connect(Kind::Tcp).await;
    tokio::io::AsyncWriteExt::write_all(client.stream.get_mut(), bytes).await.unwrap();
    client.expect_close(code).await;
    next.chat("oi").await;
}

#[tokio::test]
async fn a_close_frame_is_answered_with_its_code() {
    let server = TestServer::start().await;
    for code in [1000, 1001, 3000] {
        let mut client = WebSocket::connect(server.http, false).await;
        let close =
            tokio_tungstenite::tungstenite::protocol::CloseFrame { code: code.into(), reason: "".into() };
        client.send(Message::Close(Some(close))).await;
        client.expect_close(code).await;
    }
    let lines = server.transcript.sessions(3).await;
    assert!(lines[1].ends_with("desconectou (sem dados)."), "{lines:?}");
}

#[tokio::test]
async fn frames_sent_behind_the_handshake_in_one_go_are_answered() {
    let server = TestServer::start().await;
    let mut client = Tcp::connect(server.http).await;
    let request = format!(
        "GET /ws HTTP/1.1\r\nhost: {}\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        server.http
    );
    client.send([request.as_bytes(), b"\x81\x82\0\0\0\0oi\x81\x84\0\0\0\0sair"].concat()).await;
    let mut bytes = Vec::new();
    let all = tokio::io::AsyncReadExt::read_to_end(&mut client.stream, &mut bytes);
    crate::common::within("the end", all).await.unwrap();
    let (_, frames) = bytes.split_at(bytes.windows(4).position(|end| end == b"\r\n\r\n").unwrap() + 4);
    let expected = [
        b"\x81\x16Servidor recebeu: 'oi'".as_slice(),
        b"\x81\x1aServidor: Desconectando...",
        b"\x88\x02\x03\xe8",
    ];
    assert_eq!(String::from_utf8_lossy(frames), String::from_utf8_lossy(&expected.concat()));
}

/// `leave` ends a conversation and a wait whatever answers; `sair` is a message to an echo, waiting or not.
#[tokio::test]
async fn leave_leaves_whatever_answers() {
    let server = TestServer::with(|options| options.behind.responder = vez_server::Responder::Echo).await;
    let mut holder = WebSocket::connect(server.http, true).await;
    holder.expect_turn().await;
    holder.say("sair").await;
    holder.expect_reply("sair").await;
    let mut waiter = WebSocket::connect(server.http, true).await;
    waiter.expect_place(1).await;
    waiter.say("sair").await;
    let mut leaver = WebSocket::connect(server.http, true).await;
    leaver.expect_place(2).await;
    leaver.send(Message::text(ClientEvent::Leave.to_json())).await;
    leaver.expect_bye("Servidor: Desconectando...").await;
    leaver.expect_close(1000).await;
    holder.send(Message::text(ClientEvent::Leave.to_json())).await;
    holder.expect_bye("Servidor: Desconectando...").await;
    holder.expect_close(1000).await;
    waiter.expect_turn().await;
    waiter.expect_reply("sair").await;
}

/// A reply says which message it answers, and a turn how long one may be.
#[tokio::test]
async fn replies_name_their_messages_and_turns_their_limit() {
    let server = TestServer::with(|options| options.connections.max_message = 1000).await;
    let mut client = WebSocket::connect(server.http, true).await;
    let turn = ServerEvent::Turn { kind: TurnKind::Chat, max_message: Some(1000), newline: None };
    assert_eq!(client.event().await, turn);
    for id in [Some(7), None, Some(u64::MAX)] {
        client.send(Message::text(ClientEvent::Message { text: "oi".into(), id }.to_json())).await;
        let reply = ServerEvent::Reply { text: "Servidor recebeu: 'oi'".into(), to: id };
        assert_eq!(client.event().await, reply);
    }
    client.send(Message::text(ClientEvent::Stay.to_json())).await;
    client.say("fim").await;
    client.expect_reply("Servidor recebeu: 'fim'").await;
}
