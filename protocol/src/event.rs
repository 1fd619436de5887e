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
    /// The client's seat, which outlives its connection: the first event, where the server keeps seats.
    Seat {
        /// What takes the seat up again, behind [`SEAT`](crate::SEAT) in the handshake.
        token: Cow<'a, str>,
        /// How long the seat is kept without a connection, in seconds, the begun one counted.
        grace_seconds: u64,
        /// Whether the client asked for a seat that is no more, so that it has a new one, at the end.
        #[serde(default, skip_serializing_if = "is_default")]
        lost: bool,
        /// The `id` of the last message that arrived, if one with an `id` did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        last_id: Option<u64>,
        /// How many bytes of a stream arrived.
        #[serde(default, skip_serializing_if = "is_default")]
        bytes: u64,
        /// The client's name, where names are asked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        user: Option<Cow<'a, str>>,
    },
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
        /// The name of who has the turn, where names are asked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        holder: Option<Cow<'a, str>>,
        /// What the conversation will consist of.
        #[serde(default, skip_serializing_if = "TurnKind::is_chat")]
        kind: TurnKind,
    },
    /// The conversation is the client's.
    Turn {
        /// What the conversation consists of.
        #[serde(default)]
        kind: TurnKind,
        /// Longest message in bytes of UTF-8, if the server says.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max_message: Option<usize>,
        /// What ends a line that is sent, where it matters.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        newline: Option<Cow<'a, str>>,
    },
    /// An answer.
    Reply {
        /// What the responder said.
        text: Cow<'a, str>,
        /// The `id` of the message that is answered, if it had one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<u64>,
    },
    /// What the responder said unprompted.
    Output {
        /// What it said.
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
        /// The exit status of the program that answered, if it was one and has ended.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<i32>,
    },
    /// A type that this version does not know.
    #[serde(other)]
    Unknown,
}

/// What a conversation consists of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TurnKind {
    /// Messages and replies, as events.
    #[default]
    Chat,
    /// Bytes both ways, as binary frames.
    Stream,
    /// The bytes of a terminal both ways, as binary frames.
    Terminal,
    /// A kind that this version does not know.
    #[serde(other)]
    Unknown,
}

impl TurnKind {
    /// Whether it consists of bytes, as binary frames.
    pub fn is_stream(self) -> bool {
        matches!(self, Self::Stream | Self::Terminal)
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
    fn is_chat(&self) -> bool {
        *self == Self::Chat
    }
}

/// Why the server ends a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ByeReason {
    /// The client asked to leave.
    Farewell,
    /// What answered has ended by itself.
    Ended,
    /// The server is going away.
    Shutdown,
    /// Nobody more can wait.
    QueueFull,
    /// Nobody more from the client's address can wait.
    PerAddress,
    /// The user has as many places and turns as it may.
    PerUser,
    /// The turn, or the place in the queue, was lost; coming back makes sense.
    Lost,
    /// Another connection took the seat over.
    TakenOver,
    /// What should have answered cannot be reached, or failed.
    Unavailable,
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

impl ByeReason {
    /// Every reason that a server of this version gives.
    pub const ALL: [Self; 14] = [
        Self::Farewell,
        Self::Ended,
        Self::Shutdown,
        Self::QueueFull,
        Self::PerAddress,
        Self::PerUser,
        Self::Lost,
        Self::TakenOver,
        Self::Unavailable,
        Self::IdleLimit,
        Self::TurnLimit,
        Self::TooBig,
        Self::NotText,
        Self::Error,
    ];

    /// The reason as it stands in an event.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Farewell => "farewell",
            Self::Ended => "ended",
            Self::Shutdown => "shutdown",
            Self::QueueFull => "queue_full",
            Self::PerAddress => "per_address",
            Self::PerUser => "per_user",
            Self::Lost => "lost",
            Self::TakenOver => "taken_over",
            Self::Unavailable => "unavailable",
            Self::IdleLimit => "idle_limit",
            Self::TurnLimit => "turn_limit",
            Self::TooBig => "too_big",
            Self::NotText => "not_text",
            Self::Error => "error",
            Self::Unknown => "unknown",
        }
    }
}

/// What a client tells the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ClientEvent<'a> {
    /// A message; where the responder understands it, [`LEAVE`](crate::report::LEAVE) leaves.
    Message {
        /// What is said.
        text: Cow<'a, str>,
        /// Comes back in the reply.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<u64>,
    },
    /// The client is still there: counts as a message for the time limits, and reaches nobody.
    Stay,
    /// Says no more, and still hears what is answered, as a pipe that is closed at one end: `leave` and `ping` may
    /// follow, messages may not.
    End,
    /// Leaves the queue or the conversation, whatever answers.
    Leave,
    /// So many replies, outputs, goodbyes and frames of bytes were received since the seat began: they need not be
    /// kept for a client that comes back.
    Received {
        /// How many.
        count: u64,
    },
    /// The size of the window in which a terminal is shown, at first and whenever it changes.
    Resize {
        /// Its width in characters.
        cols: u16,
        /// Its height in characters.
        rows: u16,
    },
    /// Asks for [`ServerEvent::Pong`], at any time: a page cannot send a WebSocket ping, and a socket that
    /// slept with its device may only look open.
    Ping,
    /// A type that this version does not know.
    #[serde(other)]
    Unknown,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
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
    use super::{ByeReason, ClientEvent, ServerEvent, TurnKind};

    #[test]
    fn a_reason_is_the_word_that_an_event_has() {
        for reason in ByeReason::ALL {
            let bye = ServerEvent::Bye { reason, text: "…".into(), status: None };
            let word = reason.word();
            assert_eq!(bye.to_json(), format!(r#"{{"type":"bye","reason":"{word}","text":"…"}}"#));
        }
    }

    #[test]
    fn events_have_the_form_that_the_protocol_fixes() {
        let seat = |lost, last_id, bytes| {
            ServerEvent::Seat { token: "t".into(), grace_seconds: 15, lost, last_id, bytes, user: None }
                .to_json()
        };
        assert_eq!(seat(false, None, 0), r#"{"type":"seat","token":"t","grace_seconds":15}"#);
        let back = r#"{"type":"seat","token":"t","grace_seconds":15,"last_id":7,"bytes":9}"#;
        assert_eq!(seat(false, Some(7), 9), back);
        let lost = r#"{"type":"seat","token":"t","grace_seconds":15,"lost":true}"#;
        assert_eq!(seat(true, None, 0), lost);
        assert_eq!(ClientEvent::Received { count: 3 }.to_json(), r#"{"type":"received","count":3}"#);
        let waiting = |kind| ServerEvent::Waiting {
            position: 2,
            ahead: None,
            estimate_seconds: None,
            holder: None,
            kind,
        };
        assert_eq!(waiting(TurnKind::Chat).to_json(), r#"{"type":"waiting","position":2}"#);
        let stream = r#"{"type":"waiting","position":2,"kind":"stream"}"#;
        assert_eq!(waiting(TurnKind::Stream).to_json(), stream);
        let turn = ServerEvent::Turn { kind: TurnKind::Chat, max_message: Some(65536), newline: None };
        assert_eq!(turn.to_json(), r#"{"type":"turn","kind":"chat","max_message":65536}"#);
        let reply = ServerEvent::Reply { text: "olá".into(), to: None };
        assert_eq!(reply.to_json(), r#"{"type":"reply","text":"olá"}"#);
        let reply = ServerEvent::Reply { text: "olá".into(), to: Some(7) };
        assert_eq!(reply.to_json(), r#"{"type":"reply","text":"olá","to":7}"#);
        let bye = ServerEvent::Bye { reason: ByeReason::IdleLimit, text: "…".into(), status: None };
        assert_eq!(bye.to_json(), r#"{"type":"bye","reason":"idle_limit","text":"…"}"#);
        let bye = ServerEvent::Bye { reason: ByeReason::Ended, text: "…".into(), status: Some(3) };
        assert_eq!(bye.to_json(), r#"{"type":"bye","reason":"ended","text":"…","status":3}"#);
        let message = ClientEvent::Message { text: "a\n\"b\"".into(), id: None };
        assert_eq!(message.to_json(), r#"{"type":"message","text":"a\n\"b\""}"#);
        assert_eq!(ClientEvent::Stay.to_json(), r#"{"type":"stay"}"#);
        assert_eq!(ClientEvent::End.to_json(), r#"{"type":"end"}"#);
        assert_eq!(ClientEvent::Leave.to_json(), r#"{"type":"leave"}"#);
    }

    #[test]
    fn unknown_types_fields_and_reasons_are_ignored() {
        assert_eq!(ServerEvent::from_json(r#"{"type":"dance","x":[1]}"#).unwrap(), ServerEvent::Unknown);
        assert_eq!(ClientEvent::from_json(r#"{"type":"dance"}"#).unwrap(), ClientEvent::Unknown);
        let turn = ServerEvent::from_json(r#"{"type":"turn","since":7}"#).unwrap();
        assert_eq!(turn, ServerEvent::Turn { kind: TurnKind::Chat, max_message: None, newline: None });
        let bye = ServerEvent::from_json(r#"{"type":"bye","reason":"rain","text":""}"#).unwrap();
        assert_eq!(bye, ServerEvent::Bye { reason: ByeReason::Unknown, text: "".into(), status: None });
        let turn = ServerEvent::from_json(r#"{"type":"turn","kind":"opera"}"#).unwrap();
        assert!(matches!(turn, ServerEvent::Turn { kind: TurnKind::Unknown, .. }));
    }

    #[test]
    fn what_is_no_event_is_an_error() {
        for text in ["", "olá", "7", "{}", r#"{"type":"message"}"#, r#"{"type":"message","text":7}"#] {
            assert!(ClientEvent::from_json(text).is_err(), "{text}");
        }
    }
}
