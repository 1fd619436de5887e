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

impl Message {
    /// A text message that no newline ended.
    pub fn text(text: impl Into<ByteString>) -> Self {
        Self { body: Body::Text(text.into()), ending: LineEnding::None }
    }

    /// A binary message.
    pub fn binary(bytes: impl Into<Bytes>) -> Self {
        Self { body: Body::Binary(bytes.into()), ending: LineEnding::None }
    }
}
