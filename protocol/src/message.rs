//! A message: the conversation's unit, whatever carried it.

use bytes::Bytes;
use bytestring::ByteString;

/// One message of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// What was said.
    pub body: Body,
    /// The newline that ended it on raw TCP; its replies end the same way.
    pub ending: LineEnding,
    /// What the client calls it in `vez.v1`; its reply says so.
    pub id: Option<u64>,
}

/// What a message says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// Text.
    Text(ByteString),
    /// The bytes of a binary WebSocket message, which may or may not spell text.
    Binary(Bytes),
}

/// How a message ended on raw TCP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LineEnding {
    /// Without a newline: unframed text, the end of input, or a WebSocket.
    #[default]
    None,
    /// `\n`
    Lf,
    /// `\r\n`
    CrLf,
}

impl LineEnding {
    /// The bytes of the ending.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Lf => "\n",
            Self::CrLf => "\r\n",
        }
    }
}

/// Bytes that should spell text and do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("o byte 0x{byte:02x} na posição {position} da mensagem não é UTF-8")]
pub struct NotUtf8 {
    /// The first byte that does not belong.
    pub byte: u8,
    /// Its place in the message, from 0.
    pub position: usize,
}

impl NotUtf8 {
    /// What `error` found in `bytes`.
    pub(crate) fn new(bytes: &[u8], error: std::str::Utf8Error) -> Self {
        let position = error.valid_up_to();
        Self { byte: bytes[position], position }
    }
}

impl Message {
    /// What was said, as bytes.
    pub fn as_bytes(&self) -> &[u8] {
        match &self.body {
            Body::Text(text) => text.as_bytes(),
            Body::Binary(bytes) => bytes,
        }
    }

    /// The text that the message spells.
    ///
    /// # Errors
    /// When it is binary and its bytes are no UTF-8.
    pub fn as_text(&self) -> Result<&str, NotUtf8> {
        match &self.body {
            Body::Text(text) => Ok(text),
            Body::Binary(bytes) => std::str::from_utf8(bytes).map_err(|error| NotUtf8::new(bytes, error)),
        }
    }

    /// Its length in bytes.
    pub fn len(&self) -> usize {
        self.as_bytes().len()
    }

    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A text message that no newline ended.
    pub fn text(text: impl Into<ByteString>) -> Self {
        Self { body: Body::Text(text.into()), ending: LineEnding::None, id: None }
    }

    /// A binary message.
    pub fn binary(bytes: impl Into<Bytes>) -> Self {
        Self { body: Body::Binary(bytes.into()), ending: LineEnding::None, id: None }
    }
}
