//! The conversation as a terminal.

use vez_protocol::{ClientEvent, ServerEvent, TurnKind};

use super::super::{Effect, Event};
use super::{Page, turn};

fn terminal() -> ServerEvent<'static> {
    ServerEvent::Turn { kind: TurnKind::Terminal, max_message: Some(10), newline: Some("\r".into()) }
}

fn seat(token: &'static str, bytes: u64) -> ServerEvent<'static> {
    ServerEvent::Seat {
        token: token.into(),
        grace_seconds: 15,
        lost: false,
        last_id: None,
        bytes,
        user: None,
    }
}

/// What the terminal is asked for, and what is sent, since the last look.
fn drawn_and_sent(page: &mut Page) -> Vec<Effect> {
    let is_one = |effect: &Effect| {
        matches!(
            effect,
            Effect::OpenTerminal
                | Effect::Restore(_)
                | Effect::Feed(_)
                | Effect::SendBytes(_)
                | Effect::Send(ClientEvent::Resize { .. })
        )
    };
    page.seen().into_iter().filter(is_one).collect()
}

fn resize(cols: u16, rows: u16) -> Effect {
    Effect::Send(ClientEvent::Resize { cols, rows })
}

#[test]
fn a_turn_begins_with_a_terminal_as_new_and_bytes_go_to_it_unchanged() {
    let mut page = Page::waiting(1);
    page.told(terminal());
    assert_eq!(drawn_and_sent(&mut page), [Effect::OpenTerminal, Effect::Feed(b"\x1bc".to_vec())]);
    assert!(page.state.is_terminal_in_sight());
    page.on(Event::Streamed(b"\x1b[31m\xff".to_vec()));
    assert_eq!(drawn_and_sent(&mut page), [Effect::Feed(b"\x1b[31m\xff".to_vec())]);
    page.on(Event::Typed(b"\x1b[A".to_vec()));
    assert_eq!(drawn_and_sent(&mut page), [Effect::SendBytes(b"\x1b[A".to_vec())]);
}

#[test]
fn the_program_is_told_the_windows_size_and_nobody_else_is() {
    let mut page = Page::waiting(1);
    page.on(Event::Resized(80, 24));
    assert_eq!(drawn_and_sent(&mut page), []);
    page.told(terminal());
    assert_eq!(drawn_and_sent(&mut page)[2], resize(80, 24));
    page.on(Event::Resized(100, 30));
    assert_eq!(drawn_and_sent(&mut page), [resize(100, 30)]);
    let mut chat = Page::waiting(1);
    chat.told(turn(None));
    chat.seen();
    chat.on(Event::Resized(80, 24));
    assert_eq!(drawn_and_sent(&mut chat), []);
}

#[test]
fn what_is_pasted_goes_in_frames_that_the_server_takes() {
    let mut page = Page::waiting(1);
    page.told(terminal());
    page.seen();
    page.on(Event::Typed(b"0123456789abcdefghijKL".to_vec()));
    let frames = [&b"0123456789"[..], b"abcdefghij", b"KL"].map(|frame| Effect::SendBytes(frame.to_vec()));
    assert_eq!(drawn_and_sent(&mut page), frames);
}

/// And what did not arrive is sent again, in frames too.
#[test]
fn the_screen_is_taken_up_after_a_reload_and_the_turn_goes_on() {
    let mut before = Page::waiting(1);
    before.told(seat("abc", 0));
    before.told(terminal());
    before.on(Event::Typed(b"0123456789abcdefghijKL".to_vec()));
    let seat_before = before.state.seat.clone();
    let entries = before.state.conversation.entries().to_vec();
    let mut page = Page::with(|beginning| {
        beginning.seat = seat_before;
        beginning.entries = entries;
        beginning.stream = Some("\x1bcantes".into());
    });
    page.on(Event::Started);
    assert_eq!(drawn_and_sent(&mut page), [Effect::OpenTerminal, Effect::Restore("\x1bcantes".into())]);
    assert!(page.state.is_terminal_in_sight());
    page.on(Event::Opened);
    page.told(seat("abc", 10));
    page.told(terminal());
    let again = drawn_and_sent(&mut page);
    assert!(!again.contains(&Effect::Feed(b"\x1bc".to_vec())), "{again:?}");
    let sent: usize =
        again.iter().map(|effect| if let Effect::SendBytes(bytes) = effect { bytes.len() } else { 0 }).sum();
    assert_eq!(sent, 12, "{again:?}");
}

#[test]
fn without_the_terminals_program_it_is_a_stream() {
    let mut page = Page::waiting(1);
    page.told(terminal());
    page.on(Event::TerminalFailed);
    page.seen();
    page.on(Event::Streamed(b"ol\xc3\xa1\x1b[m".to_vec()));
    assert_eq!(drawn_and_sent(&mut page), []);
    assert!(!page.state.is_terminal_in_sight());
    assert_eq!(page.state.stream.as_ref().expect("a stream").kept(), "olá‹1b›[m");
}

#[test]
fn a_chat_after_it_is_no_terminal() {
    let mut page = Page::waiting(1);
    page.told(terminal());
    page.on(Event::Closed(1000));
    let mut page = Page { state: page.state, ..Page::waiting(1) };
    page.on(Event::ReconnectAsked);
    page.on(Event::Opened);
    page.told(turn(None));
    assert!(!page.state.is_terminal_in_sight() && page.state.stream.is_none());
}
