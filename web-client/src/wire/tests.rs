//! The browser's JSON and the protocol's own serde understand each other.

use vez_protocol::{ByeReason, ClientEvent, ServerEvent, TurnKind};
use wasm_bindgen_test::wasm_bindgen_test;

use super::{read, write};

const REASONS: [ByeReason; 15] = [
    ByeReason::Farewell,
    ByeReason::Ended,
    ByeReason::PerAddress,
    ByeReason::PerUser,
    ByeReason::Lost,
    ByeReason::TakenOver,
    ByeReason::Unavailable,
    ByeReason::Shutdown,
    ByeReason::QueueFull,
    ByeReason::IdleLimit,
    ByeReason::TurnLimit,
    ByeReason::TooBig,
    ByeReason::NotText,
    ByeReason::Error,
    ByeReason::Unknown,
];

#[wasm_bindgen_test]
fn what_the_server_writes_is_read() {
    let text = "olá\n\"\\ \u{1f600} \u{0}";
    let seat = |lost, last_id, bytes, user: Option<&'static str>| ServerEvent::Seat {
        token: "AAAA".into(),
        grace_seconds: 15,
        lost,
        last_id,
        bytes,
        user: user.map(Into::into),
    };
    let mut events = vec![
        seat(false, None, 0, None),
        seat(true, Some(0), 5_000_000_000, Some(text)),
        ServerEvent::Waiting {
            position: 1,
            ahead: None,
            estimate_seconds: None,
            holder: None,
            kind: TurnKind::Chat,
        },
        ServerEvent::Waiting {
            position: 70_000,
            ahead: Some(0),
            estimate_seconds: Some(5_000_000_000),
            holder: Some("joão".into()),
            kind: TurnKind::Chat,
        },
        ServerEvent::Turn { kind: TurnKind::Chat, max_message: None, newline: None },
        ServerEvent::Turn { kind: TurnKind::Chat, max_message: Some(1024), newline: None },
        ServerEvent::Turn { kind: TurnKind::Stream, max_message: None, newline: Some("\r\n".into()) },
        ServerEvent::Turn { kind: TurnKind::Terminal, max_message: None, newline: Some("".into()) },
        ServerEvent::Reply { text: text.into(), to: None },
        ServerEvent::Reply { text: text.into(), to: Some(7) },
        ServerEvent::Output { text: text.into() },
        ServerEvent::Pong,
        ServerEvent::Unknown,
    ];
    for reason in REASONS {
        events.push(ServerEvent::Bye { reason, text: text.into(), status: None });
        events.push(ServerEvent::Warning { seconds: 30, reason });
    }
    for event in events {
        assert_eq!(read(&event.to_json()), Some(event));
    }
}

#[wasm_bindgen_test]
fn what_is_no_event_is_ignored() {
    for frame in
        ["", "olá", "7", "null", "[]", "{}", r#"{"type":7}"#, r#"{"type":"reply"}"#, r#"{"type":"waiting"}"#]
    {
        assert_eq!(read(frame), None, "{frame}");
    }
    assert_eq!(read(r#"{"type":"dance","x":[1]}"#), Some(ServerEvent::Unknown));
    assert_eq!(
        read(r#"{"type":"turn","since":7}"#),
        Some(ServerEvent::Turn { kind: TurnKind::Chat, max_message: None, newline: None })
    );
    assert_eq!(
        read(r#"{"type":"turn","kind":"opera"}"#),
        Some(ServerEvent::Turn { kind: TurnKind::Unknown, max_message: None, newline: None })
    );
}

#[wasm_bindgen_test]
fn what_is_written_is_what_the_server_reads() {
    for text in ["olá", "a\n\"b\"\\", "\u{1f600}\u{2028}\u{0}", ""] {
        let event = ClientEvent::Message { text: text.into(), id: None };
        assert_eq!(ClientEvent::from_json(&write(&event).unwrap()).unwrap(), event);
    }
    let message = ClientEvent::Message { text: "olá".into(), id: Some(7) };
    for event in [
        message,
        ClientEvent::Stay,
        ClientEvent::End,
        ClientEvent::Leave,
        ClientEvent::Ping,
        ClientEvent::Received { count: 5_000_000_000 },
        ClientEvent::Resize { cols: 132, rows: 50 },
    ] {
        assert_eq!(ClientEvent::from_json(&write(&event).unwrap()).unwrap(), event);
    }
    assert_eq!(write(&ClientEvent::Unknown), None);
}
