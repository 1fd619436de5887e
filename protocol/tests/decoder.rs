//! The TCP decoder over all ways of cutting a stream into reads.

use bytes::BytesMut;
use proptest::prelude::*;
use vez_protocol::{Body, DecodeError, Decoder, LineEnding, Message, NotUtf8};

type Decoded = Result<Vec<(String, LineEnding)>, DecodeError>;

/// Feeds `reads` one after the other, then the end of input.
fn decode<'a>(limit: usize, reads: impl IntoIterator<Item = &'a [u8]>) -> Decoded {
    let mut decoder = Decoder::new(limit);
    let mut buffer = BytesMut::new();
    let mut messages = Vec::new();
    for read in reads {
        buffer.extend_from_slice(read);
        while let Some(message) = decoder.decode(&mut buffer)? {
            messages.push(plain(message));
        }
    }
    while let Some(message) = decoder.decode_eof(&mut buffer)? {
        messages.push(plain(message));
    }
    Ok(messages)
}

fn plain(message: Message) -> (String, LineEnding) {
    match message.body {
        Body::Text(text) => (text.to_string(), message.ending),
        Body::Binary(bytes) => panic!("raw TCP has no binary messages: {bytes:?}"),
    }
}

/// Cuts `bytes` at `cuts`, taken modulo the length.
fn cut<'a>(bytes: &'a [u8], cuts: &[usize]) -> Vec<&'a [u8]> {
    let mut ends: Vec<usize> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).collect();
    ends.push(bytes.len());
    ends.sort_unstable();
    let mut start = 0;
    let pieces = ends.into_iter().map(|end| {
        let piece = &bytes[start..end];
        start = end;
        piece
    });
    pieces.filter(|piece| !piece.is_empty()).collect()
}

fn none(text: &str) -> (String, LineEnding) {
    (text.to_owned(), LineEnding::None)
}

fn lf(text: &str) -> (String, LineEnding) {
    (text.to_owned(), LineEnding::Lf)
}

#[test]
fn without_newlines_what_arrives_together_is_a_message() {
    assert_eq!(decode(64, [b"ab".as_slice(), b"cd"]), Ok(vec![none("ab"), none("cd")]));
}

#[test]
fn the_first_newline_turns_framing_on() {
    let reads = [b"um".as_slice(), b"dois\ntr", b"\xc3\xaas\r", b"\n", b"fim"];
    let expected = vec![none("um"), lf("dois"), ("três".to_owned(), LineEnding::CrLf), none("fim")];
    assert_eq!(decode(64, reads), Ok(expected));
}

#[test]
fn an_empty_line_is_an_empty_message() {
    assert_eq!(decode(64, [b"\n\r\n".as_slice()]), Ok(vec![lf(""), (String::new(), LineEnding::CrLf)]));
}

#[test]
fn a_split_character_is_put_together() {
    assert_eq!(decode(64, [b"Ol\xc3".as_slice(), b"\xa1"]), Ok(vec![none("Olá")]));
}

#[test]
fn a_character_that_never_ends_is_an_error() {
    let error = DecodeError::NotUtf8(NotUtf8 { byte: 0xc3, position: 2 });
    assert_eq!(decode(64, [b"Ol\xc3".as_slice()]), Err(error));
    assert_eq!(decode(64, [b"a\nOl\xc3".as_slice(), b"\n"]), Err(error));
}

/// The end of input need not come: the peer might wait for its answer.
#[test]
fn the_error_names_the_byte_and_its_place_at_once() {
    let error = Decoder::new(64).decode(&mut BytesMut::from(b"ok\xff!".as_slice())).unwrap_err();
    assert_eq!(error.to_string(), "o byte 0xff na posição 2 da mensagem não é UTF-8");
}

#[test]
fn a_line_may_have_exactly_the_limit() {
    for newline in ["\n", "\r\n"] {
        let line = "x".repeat(8);
        let stream = format!("\n{line}{newline}");
        assert_eq!(decode(8, [stream.as_bytes()]).unwrap()[1].0, line);
        assert_eq!(decode(8, stream.as_bytes().chunks(1)).unwrap()[1].0, line);
        let stream = format!("\nx{line}{newline}");
        assert_eq!(decode(8, [stream.as_bytes()]), Err(DecodeError::TooLong { limit: 8 }));
        assert_eq!(decode(8, stream.as_bytes().chunks(1)), Err(DecodeError::TooLong { limit: 8 }));
    }
}

/// Neither its newline nor the end of input has to come: the peer might never send either.
#[test]
fn an_unfinished_line_over_the_limit_is_an_error_before_its_newline() {
    let (mut decoder, mut buffer) = (Decoder::new(8), BytesMut::from("\n123456789"));
    assert!(decoder.decode(&mut buffer).unwrap().is_some());
    assert_eq!(decoder.decode(&mut buffer), Err(DecodeError::TooLong { limit: 8 }));
}

#[test]
fn what_is_left_of_a_line_may_have_exactly_the_limit_too() {
    assert_eq!(decode(8, [b"a\n12345678".as_slice()]), Ok(vec![lf("a"), none("12345678")]));
    assert_eq!(decode(8, [b"a\n1234567\r".as_slice()]), Ok(vec![lf("a"), none("1234567\r")]));
    assert_eq!(decode(8, [b"a\n12345678\r".as_slice()]), Err(DecodeError::TooLong { limit: 8 }));
}

#[test]
fn a_buffer_has_room_for_the_longest_message_and_its_newline() {
    assert_eq!(Decoder::new(8).capacity(), "12345678\r\n".len());
    assert_eq!(Decoder::new(usize::MAX).capacity(), usize::MAX);
}

#[test]
fn unframed_text_over_the_limit_comes_in_pieces_of_whole_characters() {
    assert_eq!(decode(4, ["ábcdé".as_bytes()]), Ok(vec![none("ábc"), none("dé")]));
    assert_eq!(decode(4, ["abcé".as_bytes()]), Ok(vec![none("abc"), none("é")]));
}

proptest! {
    #[test]
    fn unframed_text_arrives_whole_whatever_the_cuts(
        text in "[^\n]{0,40}", cuts in prop::collection::vec(any::<usize>(), 0..6), limit in 4usize..50,
    ) {
        let messages = decode(limit, cut(text.as_bytes(), &cuts)).unwrap();
        let joined: String = messages.iter().map(|(text, _)| text.as_str()).collect();
        prop_assert_eq!(joined, text);
        prop_assert!(messages.iter().all(|(text, _)| !text.is_empty() && text.len() <= limit));
    }

    #[test]
    fn framed_lines_do_not_depend_on_the_cuts(
        lines in prop::collection::vec(("[^\n]{0,12}", any::<bool>()), 0..6), rest in "[^\n]{0,12}",
        cuts in prop::collection::vec(any::<usize>(), 0..9), limit in 4usize..50,
    ) {
        let mut stream = "\n".to_owned();
        for (line, crlf) in &lines {
            stream.push_str(line);
            stream.push_str(if *crlf { "\r\n" } else { "\n" });
        }
        stream.push_str(&rest);
        let bytes = &stream.as_bytes()[1..];
        let first = std::iter::once(b"\n".as_slice());
        let whole = decode(limit, first.clone().chain([bytes]));
        prop_assert_eq!(decode(limit, first.chain(cut(bytes, &cuts))), whole);
    }

    #[test]
    fn any_bytes_in_any_cuts_give_messages_within_the_limit_or_an_error(
        bytes in prop::collection::vec(any::<u8>(), 0..80), cuts in prop::collection::vec(any::<usize>(), 0..9),
        limit in 4usize..40,
    ) {
        if let Ok(messages) = decode(limit, cut(&bytes, &cuts)) {
            prop_assert!(messages.iter().all(|(text, _)| text.len() <= limit));
            let joined: Vec<u8> = messages
                .iter()
                .flat_map(|(text, ending)| [text.as_bytes(), ending.as_str().as_bytes()].concat())
                .collect();
            prop_assert_eq!(joined, bytes);
        }
    }
}
