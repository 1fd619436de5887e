//! Whatever a `vez.v1` frame holds: both readers answer without panicking, what one read survives being
//! written and read again, and any text survives the trip inside an event.

#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use vez_protocol::{ByeReason, ClientEvent, ServerEvent};

fuzz_target!(|text: &str| {
    if let Ok(event) = ClientEvent::from_json(text) {
        assert_has_type(text);
        assert_eq!(ClientEvent::from_json(&event.to_json()).ok(), Some(event));
    }
    if let Ok(event) = ServerEvent::from_json(text) {
        assert_has_type(text);
        assert_eq!(ServerEvent::from_json(&event.to_json()).ok(), Some(event));
    }
    let message = ClientEvent::Message { text: text.into(), id: None };
    assert_eq!(ClientEvent::from_json(&message.to_json()).ok(), Some(message));
    for event in [
        ServerEvent::Reply { text: text.into(), to: None },
        ServerEvent::Bye { reason: ByeReason::Error, text: text.into(), status: None },
    ] {
        assert_eq!(ServerEvent::from_json(&event.to_json()).ok(), Some(event));
    }
});

/// What was read as an event must be an object with a type, as the protocol fixes.
fn assert_has_type(text: &str) {
    let value: Value = serde_json::from_str(text).expect("what is an event is JSON");
    assert!(value.get("type").is_some_and(Value::is_string), "an event without a type: {text}");
}
