//! Finds the messages in what a raw TCP peer sends.

use bytes::{Buf, BytesMut};
use bytestring::ByteString;

use crate::message::{Body, LineEnding, Message, NotUtf8};

/// Splits a TCP peer's bytes into messages.
///
/// Until the first newline there is no framing: what arrives together is a message, in pieces where it exceeds
/// the limit. From the first newline on, lines are messages and an unfinished line waits for its newline.
#[derive(Debug)]
pub struct Decoder {
    /// Longest message in bytes, its newline not counted.
    limit: usize,
    /// Whether a newline was seen.
    framed: bool,
    /// How many bytes at the front of the buffer are known to hold no newline.
    scanned: usize,
}

/// Why a peer's bytes cannot be a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The bytes are no UTF-8.
    #[error(transparent)]
    NotUtf8(#[from] NotUtf8),
    /// A line is longer than a message may be.
    #[error("linha maior que o limite de {limit} bytes")]
    TooLong {
        /// The limit in bytes.
        limit: usize,
    },
}

impl Decoder {
    /// A decoder for one connection, whose messages have at most `limit` bytes.
    ///
    /// A limit under four bytes could not hold every character, so four is the least.
    pub fn new(limit: usize) -> Self {
        Self { limit: limit.max(4), framed: false, scanned: 0 }
    }

    /// Room in bytes for the longest message and its newline: how far a buffer may usefully fill.
    pub fn capacity(&self) -> usize {
        self.limit.saturating_add("\r\n".len())
    }

    /// Takes the next message off the front of `buffer`; `None` asks for more bytes.
    ///
    /// Call it after every read until it answers `None`: without framing, all that is in the buffer arrived
    /// together.
    ///
    /// # Errors
    /// When the bytes can be no message; the connection is then of no further use.
    pub fn decode(&mut self, buffer: &mut BytesMut) -> Result<Option<Message>, DecodeError> {
        if buffer.is_empty() {
            return Ok(None);
        }
        match find_newline(buffer, self.scanned) {
            Some(newline) => self.take_line(buffer, newline).map(Some),
            None if self.framed => self.await_newline(buffer),
            None => self.take_unframed(buffer),
        }
    }

    /// Takes the next message when no more bytes will come: what is left is a message too.
    ///
    /// # Errors
    /// As [`decode`](Self::decode), and when the input ends within a character.
    pub fn decode_eof(&mut self, buffer: &mut BytesMut) -> Result<Option<Message>, DecodeError> {
        let message = self.decode(buffer)?;
        if message.is_some() || buffer.is_empty() {
            return Ok(message);
        }
        if buffer.len() > self.limit {
            return Err(DecodeError::TooLong { limit: self.limit });
        }
        self.scanned = 0;
        take_text(buffer, buffer.len(), LineEnding::None).map(Some)
    }

    fn take_line(&mut self, buffer: &mut BytesMut, newline: usize) -> Result<Message, DecodeError> {
        self.framed = true;
        self.scanned = 0;
        let (len, ending) = match buffer[..newline] {
            [.., b'\r'] => (newline - 1, LineEnding::CrLf),
            _ => (newline, LineEnding::Lf),
        };
        if len > self.limit {
            return Err(DecodeError::TooLong { limit: self.limit });
        }
        let message = take_text(buffer, len, ending)?;
        buffer.advance(ending.as_str().len());
        Ok(message)
    }

    /// An unfinished line may grow to the limit, and to one byte more if that may be half of `\r\n`.
    fn await_newline(&mut self, buffer: &BytesMut) -> Result<Option<Message>, DecodeError> {
        self.scanned = buffer.len();
        let len = buffer.strip_suffix(b"\r").unwrap_or(buffer).len();
        if len > self.limit {
            return Err(DecodeError::TooLong { limit: self.limit });
        }
        Ok(None)
    }

    fn take_unframed(&mut self, buffer: &mut BytesMut) -> Result<Option<Message>, DecodeError> {
        let arrived = &buffer[..buffer.len().min(self.limit)];
        let whole = match std::str::from_utf8(arrived) {
            Ok(_) => arrived.len(),
            Err(error) if error.error_len().is_some() => return Err(NotUtf8::new(arrived, error).into()),
            // The limit falls within a character: the piece ends before it.
            Err(error) if arrived.len() < buffer.len() => error.valid_up_to(),
            // A read ended within a character: the rest of it is on its way.
            Err(_) => return Ok(None),
        };
        if whole == 0 {
            return Ok(None);
        }
        take_text(buffer, whole, LineEnding::None).map(Some)
    }
}

fn find_newline(buffer: &BytesMut, from: usize) -> Option<usize> {
    memchr::memchr(b'\n', &buffer[from..]).map(|position| from + position)
}

fn take_text(buffer: &mut BytesMut, len: usize, ending: LineEnding) -> Result<Message, DecodeError> {
    let bytes = buffer.split_to(len).freeze();
    let text = ByteString::try_from(bytes.clone()).map_err(|error| NotUtf8::new(&bytes, error))?;
    Ok(Message { body: Body::Text(text), ending, id: None })
}
