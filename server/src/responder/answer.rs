//! What a responder says.

use bytes::Bytes;
use bytestring::ByteString;

/// What a responder has for a message.
#[derive(Debug)]
pub(crate) enum Answer<'a> {
    /// A text, whose parts these are.
    Text([&'a str; 3]),
    /// The message itself.
    Itself,
    /// Nothing yet: what it says comes by [`Open::poll_said`](super::Open::poll_said).
    Later,
}

/// What a responder says by itself.
#[derive(Debug)]
pub(crate) enum Said {
    /// A text: the answer to the oldest message that has none yet, or something unprompted.
    Text(ByteString),
    /// Bytes of a stream.
    Bytes(Bytes),
    /// Nothing more.
    End,
}
