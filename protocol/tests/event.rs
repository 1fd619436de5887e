//! The `vez.v1` reader on what the fuzzer found.

use vez_protocol::{ClientEvent, ServerEvent};

/// Serde alone reads a tagged enum from an array, too: its first element would be the type.
#[test]
fn an_array_is_no_event() {
    for text in [r#"["message","oi"]"#, r#"["ping"]"#, r#"["dance"]"#, "[]"] {
        let error = ClientEvent::from_json(text).unwrap_err().to_string();
        assert!(error.contains("expected an object with a type"), "{text}: {error}");
    }
    for text in [r#"["turn"]"#, r#"["reply","oi"]"#, r#"["waiting",1]"#, "[]"] {
        assert!(ServerEvent::from_json(text).is_err(), "{text}");
    }
}
