//! The JSON frames of the [`vez.v1`](crate::SUBPROTOCOL) subprotocol.
//!
//! Fields may be added, and an unknown type or field is ignored: old and new ends understand each other.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// What the server tells a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerEvent<'a> {
    /// The client's place in the queue; sent again when it changes.
    Waiting {
        /// 1 is next in line.
        position: usize,
        /// How many have to leave before the turn comes, the one who has it included.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ahead: Option<usize>,
        /// Seconds until the turn, where recent turns give grounds for a guess.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        estimate_seconds: Option<u64>,
    },
    /// The conversation is the client's.
    Turn,
    /// An answer.
    Reply {
        /// What the responder said.
        text: Cow<'a, str>,
    },
    /// The turn ends soon unless something changes.
    Warning {
        /// Seconds that are left.
        seconds: u64,
        /// What ends the turn.
        #[serde(default)]
        reason: ByeReason,
    },
    /// The answer to [`ClientEvent::Ping`].
    Pong,
    /// The last event before the Close frame.
    Bye {
        /// Why the connection ends.
        reason: ByeReason,
        /// The same for people.
        text: Cow<'a, str>,
    },
    /// A type that this version does not know.
    #[serde(other)]
    Unknown,
}

/// Why the server ends a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ByeReason {
    /// The client asked to leave.
    Farewell,
    /// The server is going away.
    Shutdown,
    /// Nobody more can wait.
    QueueFull,
    /// No message came while somebody waited.
    IdleLimit,
    /// The turn took longer than it may while somebody waits.
    TurnLimit,
    /// A message exceeded the size limit.
    TooBig,
    /// What should be text, or an event, is not.
    NotText,
    /// The server failed.
    Error,
    /// A reason that this version does not know.
    #[default]
    #[serde(other)]
    Unknown,
}

/// What a client tells the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ClientEvent<'a> {
    /// A message; [`LEAVE`](crate::report::LEAVE) leaves.
    Message {
        /// What is said.
        text: Cow<'a, str>,
    },
    /// Asks for [`ServerEvent::Pong`], at any time: a page cannot send a WebSocket ping, and a socket that
    /// slept with its device may only look open.
    Ping,
    /// A type that this version does not know.
    #[serde(other)]
    Unknown,
}

impl ServerEvent<'_> {
    /// The event as a frame's text.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("strings and numbers always have a JSON form")
    }

    /// Reads a frame's text.
    ///
    /// # Errors
    /// When it is not JSON, has no type, or lacks a field of its type.
    pub fn from_json(text: &str) -> Result<Self, serde_json::Error> {
        from_object(text)
    }
}

impl ClientEvent<'_> {
    /// The event as a frame's text.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("strings always have a JSON form")
    }

    /// Reads a frame's text.
    ///
    /// # Errors
    /// When it is not JSON, has no type, or lacks a field of its type.
    pub fn from_json(text: &str) -> Result<Self, serde_json::Error> {
        from_object(text)
    }
}

/// Reads an event from an object only: alone, serde takes an array whose first element is the type, too.
fn from_object<T: DeserializeOwned>(text: &str) -> Result<T, serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let event = reader.deserialize_map(Object(PhantomData))?;
    reader.end()?;
    Ok(event)
}

struct Object<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Object<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with a type")
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(fields))
    }
}

#[cfg(test)]
mod tests {
    use super::{ByeReason, ClientEvent, ServerEvent};

    #[test]
    fn events_have_the_form_that_the_protocol_fixes() {
        let waiting = ServerEvent::Waiting { position: 2, ahead: None, estimate_seconds: None };
        assert_eq!(waiting.to_json(), r#"{"type":"waiting","position":2}"#);
        assert_eq!(ServerEvent::Turn.to_json(), r#"{"type":"turn"}"#);
        let reply = ServerEvent::Reply { text: "olá".into() };
        assert_eq!(reply.to_json(), r#"{"type":"reply","text":"olá"}"#);
        let bye = ServerEvent::Bye { reason: ByeReason::IdleLimit, text: "…".into() };
        assert_eq!(bye.to_json(), r#"{"type":"bye","reason":"idle_limit","text":"…"}"#);
        let message = ClientEvent::Message { text: "a\n\"b\"".into() };
        assert_eq!(message.to_json(), r#"{"type":"message","text":"a\n\"b\""}"#);
    }

    #[test]
    fn unknown_types_fields_and_reasons_are_ignored() {
        assert_eq!(ServerEvent::from_json(r#"{"type":"dance","x":[1]}"#).unwrap(), ServerEvent::Unknown);
        assert_eq!(ClientEvent::from_json(r#"{"type":"dance"}"#).unwrap(), ClientEvent::Unknown);
        assert_eq!(ServerEvent::from_json(r#"{"type":"turn","since":7}"#).unwrap(), ServerEvent::Turn);
        let bye = ServerEvent::from_json(r#"{"type":"bye","reason":"rain","text":""}"#).unwrap();
        assert_eq!(bye, ServerEvent::Bye { reason: ByeReason::Unknown, text: "".into() });
    }

    #[test]
    fn what_is_no_event_is_an_error() {
        for text in ["", "olá", "7", "{}", r#"{"type":"message"}"#, r#"{"type":"message","text":7}"#] {
            assert!(ClientEvent::from_json(text).is_err(), "{text}");
        }
    }
}
