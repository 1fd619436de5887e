//! The conversation as a stream of bytes.

use rstest::rstest;
use vez_protocol::{ByeReason, ServerEvent, TurnKind};

use super::super::{Delivery, Effect, Ending, Event, Phase};
use super::{Page, turn, waiting};

fn stream(max_message: usize, newline: Option<&'static str>) -> ServerEvent<'static> {
    let newline = newline.map(Into::into);
    ServerEvent::Turn { kind: TurnKind::Stream, max_message: Some(max_message), newline }
}

fn streaming() -> Page {
    let mut page = Page::waiting(1);
    page.told(stream(1000, Some("\r\n")));
    page.seen();
    page
}

/// The bytes that were sent since the last look.
fn bytes(page: &mut Page) -> Vec<Vec<u8>> {
    let sent = page.seen().into_iter().filter_map(|effect| match effect {
        Effect::SendBytes(bytes) => Some(bytes),
        _ => None,
    });
    sent.collect()
}

fn text(page: &Page) -> String {
    page.state.stream.as_ref().expect("a stream").kept()
}

#[test]
fn a_line_is_sent_with_the_turns_newline_and_is_no_message() {
    let mut page = streaming();
    page.write("olá");
    assert_eq!(bytes(&mut page), ["olá\r\n".as_bytes()]);
    page.write("um\ndois");
    assert_eq!(bytes(&mut page), [b"um\r\ndois\r\n"]);
    page.write("sair");
    assert_eq!(bytes(&mut page), [b"sair\r\n"], "the word means nothing here");
    assert_eq!((page.state.draft.as_str(), page.deliveries().len()), ("", 0));
}

#[rstest]
#[case(Some("\r"), "\r")]
#[case(None, "\n")]
fn an_empty_line_is_the_newline_alone(#[case] newline: Option<&'static str>, #[case] sent: &str) {
    let mut page = Page::waiting(1);
    page.told(stream(1000, newline));
    page.seen();
    page.on(Event::Submitted);
    assert_eq!(bytes(&mut page), [sent.as_bytes()]);
    assert!(!page.state.is_empty_refused);
}

#[test]
fn the_limit_counts_the_newlines() {
    let mut page = Page::waiting(1);
    page.told(stream(8, Some("\r\n")));
    page.on(Event::Edited("é\nab".into()));
    assert_eq!((page.state.room(), page.state.can_submit()), (0, true));
    page.on(Event::Edited("é\nabc".into()));
    assert_eq!((page.state.room(), page.state.can_submit()), (-1, false));
}

#[test]
fn a_key_sends_its_byte_and_leaves_the_draft() {
    let mut page = streaming();
    page.on(Event::Edited("quase".into()));
    page.on(Event::Typed(vec![3]));
    assert_eq!(bytes(&mut page), [[3]]);
    assert_eq!(page.state.draft, "quase");
    page.on(Event::LeaveAsked);
    page.on(Event::Typed(vec![3]));
    assert_eq!(bytes(&mut page).len(), 0, "whoever leaves says nothing more");
    let mut chat = Page::talking();
    chat.on(Event::Typed(vec![3]));
    assert_eq!(bytes(&mut chat).len(), 0);
}

#[test]
fn what_comes_is_shown_in_a_stream_only() {
    let mut page = streaming();
    page.on(Event::Streamed("olá ".into()));
    page.on(Event::Streamed(vec![0xc3]));
    page.on(Event::Streamed(vec![0xa1, 0xff]));
    assert_eq!((text(&page).as_str(), page.entries().len()), ("olá á‹ff›", 1));
    let mut chat = Page::talking();
    chat.on(Event::Streamed(vec![b'x']));
    assert!(chat.state.stream.is_none());
}

#[test]
fn what_was_written_ahead_goes_out_as_lines() {
    let mut page = Page::waiting(1);
    page.write("antes");
    page.write("limite");
    page.told(stream(7, Some("\r\n")));
    assert_eq!(bytes(&mut page), [b"antes\r\n"]);
    assert_eq!(page.deliveries(), [Delivery::Passed, Delivery::Unsent]);
}

#[test]
fn a_lost_connection_shows_the_place_and_then_the_stream_goes_on() {
    let mut page = streaming();
    page.on(Event::Streamed("antes".into()));
    page.on(Event::Closed(1006));
    assert!(page.state.stream_in_sight().is_some() && page.state.streaming().is_none());
    page.write("mais");
    assert!(page.state.stream_in_sight().is_none(), "what waits is in sight");
    page.on(Event::ReconnectAsked);
    page.on(Event::Opened);
    page.told(waiting(1));
    page.told(stream(1000, None));
    page.on(Event::Streamed("depois".into()));
    assert_eq!(text(&page), "antes\ndepois");
    assert!(page.state.stream_in_sight().is_some());
    page.on(Event::Closed(1006));
    page.on(Event::ReconnectAsked);
    page.on(Event::Opened);
    page.told(turn(None));
    assert!(page.state.stream.is_none(), "a chat has none");
}

#[test]
fn bytes_lift_the_warning_and_the_button_leaves() {
    let mut page = streaming();
    for event in [Event::Typed(vec![4]), Event::Submitted] {
        page.told(ServerEvent::Warning { seconds: 30, reason: ByeReason::IdleLimit });
        page.on(event);
        assert_eq!(page.state.phase.talk().and_then(|talk| talk.warning), None);
    }
    page.seen();
    page.on(Event::LeaveAsked);
    assert_eq!(page.sent(), ["<leave>"]);
    page.told(ServerEvent::Bye { reason: ByeReason::Farewell, text: "até".into(), status: None });
    page.on(Event::Closed(1000));
    assert_eq!(page.state.phase, Phase::Ended(Ending::Farewell));
}

#[test]
fn a_stream_that_comes_shows_that_the_server_is_there() {
    let mut page = streaming();
    for _ in 0..10 {
        page.pass(20_000);
        page.on(Event::Streamed(vec![b'.']));
    }
    assert_eq!(page.sent(), [""; 0]);
    page.pass(30_000);
    assert_eq!(page.sent(), ["<ping>"]);
    page.pass(59_000);
    assert!(page.state.phase.talk().is_some(), "what is behind may be slow to take what was sent");
}
