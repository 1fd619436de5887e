//! The two ways of speaking over a WebSocket.

use bytestring::ByteString;
use tokio_tungstenite::tungstenite::protocol::Message as Frame;
use vez_protocol::{ClientEvent, Message, SUBPROTOCOL};

use crate::ending::Ending;
use crate::session::Incoming;

/// How a peer speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// The report's conversation: a message is a frame.
    Plain,
    /// `vez.v1`: frames are events in JSON.
    Events,
}

impl Style {
    /// How long a frame may be that carries a message of at most `message` bytes: as an event, each byte may
    /// be escaped as `\u0000`, within some words around it.
    pub(super) fn frame_limit(self, message: usize) -> usize {
        match self {
            Self::Plain => message,
            Self::Events => message * r"\u0000".len() + 1024,
        }
    }

    /// Reads a text or binary frame, whose message may have `limit` bytes. A binary frame is taken as the text that its
    /// bytes spell, unless they are a stream's.
    pub(super) fn read(self, frame: Frame, limit: usize, raw: bool) -> Result<Incoming, Ending> {
        let is_binary = frame.is_binary();
        let message = match frame {
            Frame::Text(text) => Message::text(
                ByteString::try_from(bytes::Bytes::from(text))
                    .map_err(|error| Ending::NotText(error.to_string()))?,
            ),
            frame => Message::binary(frame.into_data()),
        };
        let incoming = match self {
            Self::Plain => Incoming::Message(message),
            Self::Events if raw && is_binary => Incoming::Message(message),
            Self::Events => read_event(message.as_text()?)?,
        };
        // Frames of events may be longer than their messages, so that these are measured here.
        match &incoming {
            Incoming::Message(message) if message.len() > limit => {
                Err(Ending::message_too_big(message.len(), limit))
            }
            _ => Ok(incoming),
        }
    }
}

fn read_event(text: &str) -> Result<Incoming, Ending> {
    match ClientEvent::from_json(text) {
        Ok(ClientEvent::Message { text, id }) => {
            Ok(Incoming::Message(Message { id, ..Message::text(text.into_owned()) }))
        }
        Ok(ClientEvent::Stay) => Ok(Incoming::Stay),
        Ok(ClientEvent::End) => Ok(Incoming::NoMore),
        Ok(ClientEvent::Leave) => Ok(Incoming::Leave),
        Ok(ClientEvent::Received { count }) => Ok(Incoming::Received(count)),
        Ok(ClientEvent::Resize { cols, rows }) => Ok(Incoming::Resize(cols, rows)),
        Ok(ClientEvent::Ping) => Ok(Incoming::Ping),
        Ok(ClientEvent::Unknown) => Ok(Incoming::Ignored),
        Err(error) => Err(Ending::NotText(format!("o quadro não é um evento {SUBPROTOCOL}: {error}"))),
    }
}
