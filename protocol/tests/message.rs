//! Messages as bytes and as text.

use vez_protocol::{Message, NotUtf8, limits};

#[test]
fn a_message_is_the_same_as_bytes_and_as_text() {
    for message in [Message::text("olá"), Message::binary("olá")] {
        assert_eq!(message.as_bytes(), "olá".as_bytes());
        assert_eq!(message.as_text(), Ok("olá"));
        assert_eq!(message.len(), 4);
        assert!(!message.is_empty());
    }
    assert!(Message::text("").is_empty() && Message::binary("").is_empty());
}

#[test]
fn bytes_may_spell_no_text() {
    let message = Message::binary(b"ok\xff".as_slice());
    assert_eq!(message.as_bytes(), b"ok\xff");
    assert_eq!(message.as_text(), Err(NotUtf8 { byte: 0xff, position: 2 }));
}

/// Both ends rely on it, each in its own release.
#[test]
fn a_message_may_have_64_kib() {
    assert_eq!(limits::MAX_MESSAGE, 65_536);
}
