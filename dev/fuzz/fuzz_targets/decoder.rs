//! Whatever a raw TCP peer sends, in whatever reads it arrives: the decoder loses nothing, adds nothing,
//! holds little and never panics.
//!
//! Input: a byte for the limit, a byte for how many cuts follow, a byte for each cut's distance from the one
//! before, and the stream.

#![no_main]

use std::str::from_utf8;

use bytes::BytesMut;
use libfuzzer_sys::fuzz_target;
use vez_protocol::{Body, DecodeError, Decoder, LineEnding, Message, NotUtf8};

/// What became of a stream: its messages, and the error that ended it.
#[derive(Debug, Default, PartialEq)]
struct Decoded {
    messages: Vec<(String, LineEnding)>,
    /// How many bytes of the stream the messages and their endings took.
    taken: usize,
    error: Option<DecodeError>,
}

fuzz_target!(|input: &[u8]| {
    let Some((limit, cuts, stream)) = split(input) else { return };
    let decoded = decode(limit, &reads(stream, cuts));
    check(stream, limit, &decoded);

    let framed = [b"\n", stream].concat();
    let (newline, rest) = framed.split_at(1);
    let in_cuts: Vec<&[u8]> = std::iter::once(newline).chain(reads(rest, cuts)).collect();
    assert_eq!(decode(limit, &in_cuts), decode(limit, &[&framed]), "lines depend on the cuts");
});

fn split(input: &[u8]) -> Option<(usize, &[u8], &[u8])> {
    let [limit, count, rest @ ..] = input else { return None };
    let (cuts, stream) = rest.split_at_checked(usize::from(*count))?;
    Some((usize::from(*limit), cuts, stream))
}

/// The stream as the reads that the cuts make of it; what is left after them arrives at once.
fn reads<'a>(mut stream: &'a [u8], cuts: &[u8]) -> Vec<&'a [u8]> {
    let mut reads = Vec::new();
    for cut in cuts {
        let (read, rest) = stream.split_at(usize::from(*cut).clamp(1, stream.len().max(1)).min(stream.len()));
        reads.push(read);
        stream = rest;
    }
    reads.push(stream);
    reads
}

fn decode(limit: usize, reads: &[&[u8]]) -> Decoded {
    let mut decoded = Decoded::default();
    let mut decoder = Decoder::new(limit);
    let mut buffer = BytesMut::new();
    let mut arrived = 0;
    for read in reads {
        buffer.extend_from_slice(read);
        arrived += read.len();
        while decoded.take(decoder.decode(&mut buffer)) {}
        assert_eq!(decoded.taken + buffer.len(), arrived, "bytes were lost or made up");
        if decoded.error.is_some() {
            return decoded;
        }
        assert!(buffer.len() < decoder.capacity(), "a full buffer would wait for more");
    }
    while decoded.take(decoder.decode_eof(&mut buffer)) {}
    assert!(decoded.error.is_some() || buffer.is_empty(), "the end of input left bytes behind");
    decoded
}

impl Decoded {
    /// Notes a step and tells whether another may follow.
    fn take(&mut self, step: Result<Option<Message>, DecodeError>) -> bool {
        match step {
            Ok(Some(Message { body: Body::Text(text), ending })) => {
                self.taken += text.len() + ending.as_str().len();
                self.messages.push((text.to_string(), ending));
                true
            }
            Ok(Some(message)) => panic!("raw TCP has no binary messages: {message:?}"),
            Ok(None) => false,
            Err(error) => {
                self.error = Some(error);
                false
            }
        }
    }
}

fn check(stream: &[u8], limit: usize, decoded: &Decoded) {
    let limit = limit.max(4);
    let joined: String = decoded.messages.iter().flat_map(|(text, end)| [text, end.as_str()]).collect();
    assert_eq!(joined.as_bytes(), &stream[..decoded.taken], "the messages are not what was sent");
    assert!(decoded.messages.iter().all(|(text, _)| text.len() <= limit), "a message exceeds the limit");
    match decoded.error {
        None => assert_eq!(decoded.taken, stream.len()),
        Some(DecodeError::TooLong { limit: told }) => {
            assert_eq!(told, limit);
            let line = stream[decoded.taken..].split(|byte| *byte == b'\n').next().unwrap_or_default();
            assert!(line.len() > limit, "a line within the limit was refused");
        }
        Some(DecodeError::NotUtf8(NotUtf8 { byte, position })) => {
            let at = decoded.taken + position;
            assert_eq!(stream[at], byte);
            assert_eq!(from_utf8(stream).map_err(|error| error.valid_up_to()), Err(at), "it is UTF-8 there");
        }
    }
}
