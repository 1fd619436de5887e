//! The seat outlives connections, reloads and the page itself.

use rstest::rstest;
use vez_protocol::{ByeReason, ClientEvent, ServerEvent, TurnKind};

use super::{Delivery, Effect, Event, Page, Phase, Speaker, entry, place, reply, turn, waiting};
use crate::state::{Ending, Note, Seat};

fn seat(token: &'static str, last_id: Option<u64>, bytes: u64) -> ServerEvent<'static> {
    ServerEvent::Seat { token: token.into(), grace_seconds: 15, lost: false, last_id, bytes, user: None }
}

fn stream() -> ServerEvent<'static> {
    ServerEvent::Turn { kind: TurnKind::Stream, max_message: None, newline: None }
}

fn answer(to: u64) -> ServerEvent<'static> {
    ServerEvent::Reply { text: "ok".into(), to: Some(to) }
}

/// A page with a seat, and its turn.
fn seated(turn: ServerEvent<'static>) -> Page {
    let mut page = Page::open();
    page.told(seat("a", None, 0));
    page.told(turn);
    page.seen();
    page
}

impl Page {
    /// Loses the connection, and opens the next.
    fn come_back(&mut self) {
        self.chance = 0.0;
        self.on(Event::Closed(1006));
        self.pass(0);
        self.on(Event::Tick);
        self.on(Event::Opened);
    }

    /// Loads the page anew with what it kept.
    fn reload(&mut self, is_copy: bool) -> Self {
        self.on(Event::PageLeft);
        self.reload_from(0, is_copy)
    }

    /// Loads the page anew with what it kept, when that begins at this index.
    fn reload_from(&mut self, kept: usize, is_copy: bool) -> Self {
        let conversation = &self.state.conversation;
        let (first, entries) = (conversation.number(kept), conversation.entries()[kept..].to_vec());
        let seat = self.state.seat.clone();
        let seat = seat.and_then(|seat| Seat::from_record(&seat.to_record()));
        let stream = self.state.stream.as_ref().map(super::super::Stream::newest);
        Self::with(|beginning| {
            (beginning.seat, beginning.first, beginning.entries) = (seat, first, entries);
            (beginning.stream, beginning.is_copy) = (stream, is_copy);
        })
    }

    /// Which seats were asked for since the last look.
    fn offers(&mut self) -> Vec<Option<String>> {
        let connects = self.seen().into_iter().filter_map(|effect| match effect {
            Effect::Connect(seat) => Some(seat),
            _ => None,
        });
        connects.collect()
    }

    /// The messages that were sent since the last look, by their ids.
    fn ids(&mut self) -> Vec<u64> {
        let messages = self.seen().into_iter().filter_map(|effect| match effect {
            Effect::Send(ClientEvent::Message { id, .. }) => id,
            _ => None,
        });
        messages.collect()
    }
}

#[test]
fn who_waits_comes_back_to_its_place_without_a_word() {
    let mut page = Page::open();
    page.told(seat("a", None, 0));
    page.told(waiting(2));
    page.seen();
    page.come_back();
    assert_eq!(page.offers(), [Some("vez.seat.a.0".into())]);
    page.told(seat("a", None, 0));
    page.told(waiting(2));
    assert_eq!((page.state.phase, page.entries()), (place(2), vec![]));
}

#[test]
fn a_lost_connection_is_tried_again_soon_while_the_seat_is_kept() {
    let mut page = seated(turn(None));
    page.chance = 1.0;
    page.on(Event::Closed(1006));
    assert_eq!(page.seen(), [Effect::Suspend]);
    page.pass(200);
    assert_eq!(page.state.phase, Phase::Connecting);
}

#[test]
fn who_has_the_turn_goes_on_where_it_was() {
    let mut page = seated(turn(None));
    page.write("um");
    page.told(reply("Servidor recebeu: 'um'"));
    page.write("dois");
    page.on(Event::Hidden);
    page.come_back();
    assert_eq!(page.offers(), [Some("vez.seat.a.1".into())]);
    page.told(seat("a", Some(3), 0));
    page.told(turn(None));
    page.told(reply("Servidor recebeu: 'dois'"));
    assert!(!page.seen().contains(&Effect::Call), "it was called before");
    let said = [
        (Speaker::Page(Note::Began), ""),
        (Speaker::Me(Delivery::Answered), "um"),
        (Speaker::Server, "Servidor recebeu: 'um'"),
        (Speaker::Me(Delivery::Answered), "dois"),
        (Speaker::Server, "Servidor recebeu: 'dois'"),
    ];
    assert_eq!(page.entries(), said);
}

#[rstest]
#[case::none(None, &[1, 2, 3])]
#[case::some(Some(2), &[3])]
#[case::all(Some(3), &[])]
fn what_did_not_arrive_is_sent_again(#[case] last: Option<u64>, #[case] again: &[u64]) {
    let mut page = seated(turn(None));
    ["um", "dois", "três"].iter().for_each(|text| page.write(text));
    page.come_back();
    page.seen();
    page.told(seat("a", last, 0));
    assert_eq!(page.ids(), again);
    assert_eq!(page.deliveries(), [Delivery::Sent; 3]);
}

#[test]
fn what_is_written_meanwhile_goes_out_after_what_did_not_arrive() {
    let mut page = seated(turn(None));
    page.write("um");
    page.chance = 0.5;
    page.on(Event::Closed(1006));
    page.write("dois");
    page.pass(200);
    page.on(Event::Opened);
    page.seen();
    page.told(seat("a", None, 0));
    page.told(turn(None));
    assert_eq!(page.ids(), [1, 2]);
}

#[test]
fn a_stream_goes_on_in_both_directions() {
    let mut page = seated(stream());
    page.write("ls");
    page.on(Event::Streamed(b"um".to_vec()));
    page.write("cat");
    page.come_back();
    assert_eq!(page.offers(), [Some("vez.seat.a.1".into())]);
    page.told(seat("a", None, 4));
    assert!(page.seen().contains(&Effect::SendBytes(b"at\n".to_vec())), "of `ls\\ncat\\n`, four arrived");
    page.told(stream());
    page.on(Event::Streamed(b" dois\n".to_vec()));
    assert_eq!(page.state.stream.as_ref().unwrap().kept(), "um dois\n");
}

#[test]
fn the_server_is_told_what_came() {
    let mut page = seated(stream());
    for _ in 0..3 {
        page.on(Event::Streamed(vec![b'x'; 8 * 1024]));
    }
    let told = page.seen().into_iter().filter(|effect| matches!(effect, Effect::Send(_)));
    assert_eq!(told.collect::<Vec<_>>(), [Effect::Send(ClientEvent::Received { count: 2 })]);
}

#[test]
fn a_reload_keeps_seat_messages_and_stream() {
    let mut page = seated(turn(None));
    page.write("um");
    let mut page = page.reload(false);
    page.on(Event::Started);
    assert_eq!(page.offers(), [Some("vez.seat.a.0".into())]);
    page.on(Event::Opened);
    page.told(seat("a", Some(1), 0));
    page.told(turn(None));
    page.told(reply("Servidor recebeu: 'um'"));
    assert_eq!(page.deliveries(), [Delivery::Answered]);
    assert_eq!(page.entries().len(), 3, "nothing is said twice: {:?}", page.entries());

    let mut page = seated(stream());
    page.on(Event::Streamed(b"um".to_vec()));
    let mut page = page.reload(false);
    page.on(Event::Started);
    page.on(Event::Opened);
    page.told(seat("a", None, 0));
    page.told(stream());
    page.on(Event::Streamed(b" dois".to_vec()));
    assert_eq!(page.state.stream.as_ref().unwrap().kept(), "um dois");
}

#[test]
fn a_page_that_is_left_keeps_its_seat() {
    let mut page = seated(turn(None));
    page.on(Event::PageLeft);
    let kept = page.seen();
    assert!(kept.contains(&Effect::Suspend) && kept.contains(&Effect::KeepSeat), "{kept:?}");
    assert!(!kept.contains(&Effect::Disconnect));
    page.on(Event::PageReturned);
    assert_eq!(page.offers(), [Some("vez.seat.a.0".into())]);
}

/// Firefox closes the page's socket before it tells the page that it is left.
#[test]
fn a_socket_that_closes_on_the_way_to_another_page_keeps_the_seat() {
    let mut page = seated(turn(None));
    page.on(Event::Closed(1001));
    let mut page = page.reload(false);
    page.on(Event::Started);
    assert_eq!(page.offers(), [Some("vez.seat.a.0".into())]);
    assert_eq!(page.entries(), [(Speaker::Page(Note::Began), "")]);
}

#[test]
fn a_seat_that_was_lost_is_said_plainly_and_nothing_is_sent_again() {
    let mut page = seated(turn(None));
    page.write("um");
    page.come_back();
    page.seen();
    page.told(seat("b", None, 0));
    page.told(waiting(4));
    assert_eq!(page.ids(), [] as [u64; 0]);
    let said = [
        (Speaker::Page(Note::Began), ""),
        (Speaker::Me(Delivery::Unanswered), "um"),
        (Speaker::Page(Note::Lost), ""),
        (Speaker::Page(Note::SeatLost), ""),
    ];
    assert_eq!((page.entries(), page.state.phase), (said.to_vec(), place(4)));
    page.told(turn(None));
    assert_eq!(page.entries().last(), Some(&(Speaker::Page(Note::Began), "")), "another turn");
}

#[rstest]
#[case::farewell(ByeReason::Farewell, 1000)]
#[case::idle(ByeReason::IdleLimit, 1008)]
#[case::shutdown(ByeReason::Shutdown, 1001)]
#[case::lost_turn(ByeReason::Lost, 1012)]
fn a_seat_that_the_server_ended_is_not_asked_for_again(#[case] reason: ByeReason, #[case] code: u16) {
    let mut page = seated(turn(None));
    page.told(ServerEvent::Bye { reason, text: "Até logo.".into(), status: None });
    page.on(Event::Closed(code));
    assert!(page.seen().contains(&Effect::Disconnect));
    assert_eq!(page.state.seat, None);
    page.on(Event::ReconnectAsked);
    assert_eq!(page.offers(), [None]);
}

#[rstest]
#[case::waiting(waiting(1))]
#[case::talking(turn(None))]
fn who_leaves_gives_the_seat_up_at_once(#[case] where_it_is: ServerEvent<'static>) {
    let mut page = seated(where_it_is);
    page.on(Event::LeaveAsked);
    assert_eq!(page.state.seat, None);
    let effects = page.seen();
    assert_eq!(effects.first(), Some(&Effect::Send(ClientEvent::Leave)));
    assert!(effects.contains(&Effect::KeepSeat));
}

#[test]
fn who_leaves_while_the_connection_is_lost_does_not_come_back() {
    let mut page = seated(turn(None));
    page.on(Event::Closed(1006));
    page.on(Event::LeaveAsked);
    assert_eq!((page.state.phase, &page.state.seat), (Phase::Ended(Ending::LeftQueue), &None));
    assert_eq!(page.entries().last(), Some(&(Speaker::Page(Note::Ended), "")));
}

#[test]
fn a_seat_that_went_elsewhere_comes_back_when_asked_for() {
    let mut page = seated(turn(None));
    page.write("um");
    page.told(ServerEvent::Bye { reason: ByeReason::TakenOver, text: String::new().into(), status: None });
    page.on(Event::Closed(4001));
    assert_eq!(page.state.phase, Phase::Ended(Ending::TakenOver));
    assert_eq!(page.deliveries(), [Delivery::Sent]);
    page.seen();
    page.on(Event::ReconnectAsked);
    assert_eq!(
        page.offers(),
        [Some("vez.seat.a.0".into())],
        "that goodbye was the connection's, not the seat's"
    );
}

#[test]
fn a_duplicated_tab_asks_before_it_takes_the_seat() {
    let mut page = seated(turn(None));
    page.write("um");
    let mut copy = page.reload(true);
    copy.on(Event::Started);
    assert_eq!((copy.state.phase, copy.offers()), (Phase::Ended(Ending::TakenOver), vec![]));
    copy.on(Event::ReconnectAsked);
    assert_eq!(copy.offers(), [Some("vez.seat.a.0".into())]);
    copy.on(Event::Opened);
    copy.told(seat("a", None, 0));
    assert_eq!(copy.ids(), [1], "what the other tab could not send");
}

#[test]
fn what_the_other_tab_has_sent_is_not_sent_again() {
    let mut page = Page::open();
    page.told(seat("a", None, 0));
    page.told(waiting(1));
    page.write("um");
    page.write("dois");
    page.on(Event::Closed(4001));
    page.on(Event::ReconnectAsked);
    page.on(Event::Opened);
    page.seen();
    page.told(seat("a", Some(0), 0));
    page.told(turn(None));
    assert_eq!(page.ids(), [1]);
    page.told(ServerEvent::Reply { text: "eco".into(), to: Some(0) });
    assert_eq!(page.deliveries(), [Delivery::Answered, Delivery::Sent]);
}

#[test]
fn clearing_leaves_nothing() {
    let mut page = seated(stream());
    page.on(Event::ClearAsked);
    assert!(page.state.seat.is_some(), "not while the conversation goes on");
    page.on(Event::Streamed(b"segredo".to_vec()));
    page.on(Event::LeaveAsked);
    page.on(Event::Closed(1000));
    page.on(Event::Edited("rascunho".into()));
    page.seen();
    page.on(Event::ClearAsked);
    assert!(page.seen().contains(&Effect::Clear));
    assert!(page.entries().is_empty() && page.state.stream.is_none() && page.state.draft.is_empty());
}

/// Of a long conversation only the newest part is kept.
#[test]
fn what_is_forgotten_with_a_reload_changes_no_messages_number() {
    let mut page = seated(turn(None));
    for (number, text) in ["um", "dois", "três"].into_iter().enumerate() {
        page.write(text);
        page.told(answer(1 + 2 * number as u64));
    }
    page.write("quatro");
    assert_eq!(page.ids(), [1, 3, 5, 7]);
    let mut page = page.reload_from(5, false);
    page.on(Event::Started);
    page.on(Event::Opened);
    page.told(seat("a", Some(5), 0));
    page.told(turn(None));
    assert_eq!(page.ids(), [7], "what did not arrive, and under the same number");
    page.told(answer(7));
    assert_eq!(page.deliveries(), [Delivery::Answered; 2]);
    page.write("cinco");
    assert_eq!(page.ids(), [9]);
    assert!(!page.entries().iter().any(|(speaker, _)| *speaker == Speaker::Page(Note::Began)));
}

#[test]
fn where_nothing_could_be_kept_no_number_comes_twice() {
    let mut page = seated(turn(None));
    for text in ["um", "dois", "três"] {
        page.write(text);
    }
    assert_eq!(page.ids(), [1, 2, 3]);
    let kept = page.state.conversation.entries().len();
    let mut page = Page::with(|beginning| beginning.seat = page.state.seat.clone());
    assert_eq!(kept, 4);
    page.on(Event::Started);
    page.on(Event::Opened);
    page.told(seat("a", Some(3), 0));
    page.told(turn(None));
    page.write("quatro");
    assert!(page.ids() > vec![3]);
}

#[test]
fn without_a_seat_a_reload_loses_what_was_on_its_way() {
    let page = Page::with(|beginning| beginning.entries = vec![entry(Delivery::Sent, "um")]);
    assert_eq!(page.deliveries(), [Delivery::Unanswered]);
}

#[test]
fn what_can_be_sent_again_no_more_ends_the_conversation_and_is_not_left_out() {
    let mut page = seated(stream());
    page.state.send_bytes(vec![b'x'; 2 * 1024 * 1024]);
    page.come_back();
    page.seen();
    page.told(seat("a", None, 0));
    let effects = [Effect::Disconnect, Effect::KeepEntry(1), Effect::KeepSeat, Effect::Connect(None)];
    assert_eq!(page.seen(), effects);
    assert_eq!(page.entries().last(), Some(&(Speaker::Page(Note::Lost), "")));
}
