//! How conversations end.

use rstest::rstest;
use vez_protocol::{ByeReason, ServerEvent};

use super::super::{Delivery, Effect, Ending, Event, Note, Phase, Speaker};
use super::{Page, entry, reply, turn, waiting};

fn bye(reason: ByeReason) -> ServerEvent<'static> {
    ServerEvent::Bye { reason, text: "adeus".into(), status: None }
}

#[rstest]
#[case(ByeReason::Farewell, 1000, Ending::Farewell)]
#[case(ByeReason::IdleLimit, 1008, Ending::IdleLimit)]
#[case(ByeReason::TurnLimit, 1008, Ending::TurnLimit)]
#[case(ByeReason::TooBig, 1009, Ending::TooBig)]
#[case(ByeReason::Error, 1011, Ending::Error)]
fn what_will_not_pass_stays_ended(#[case] reason: ByeReason, #[case] code: u16, #[case] ending: Ending) {
    let mut page = Page::talking();
    page.told(bye(reason));
    page.on(Event::Closed(code));
    assert_eq!(page.state.phase, Phase::Ended(ending));
    assert_eq!(page.state.alarm(page.now), None);
    page.seen();
    for event in [Event::Tick, Event::Online, Event::Shown] {
        page.on(event);
    }
    assert_eq!(page.seen(), [], "never by itself");
    page.on(Event::ReconnectAsked);
    assert_eq!(page.seen(), [Effect::Connect(None)]);
}

#[test]
fn what_the_server_said_last_is_part_of_the_conversation() {
    let mut page = Page::talking();
    page.told(bye(ByeReason::IdleLimit));
    page.on(Event::Closed(1008));
    let entries = page.entries();
    assert_eq!(entries[1..], [(Speaker::Server, "adeus"), (Speaker::Page(Note::Ended), "")]);
}

#[test]
fn who_only_waited_had_no_conversation() {
    let mut page = Page::waiting(2);
    page.told(bye(ByeReason::Shutdown));
    page.on(Event::Closed(1001));
    assert_eq!(page.entries(), []);
}

#[test]
fn a_message_without_an_answer_is_marked() {
    let mut page = Page::talking();
    page.write("um");
    page.told(reply("sim"));
    page.write("dois");
    page.write("três");
    page.on(Event::Closed(1006));
    assert_eq!(page.deliveries(), [Delivery::Answered, Delivery::Unanswered, Delivery::Unanswered]);
    assert_eq!(page.entries().last(), Some(&(Speaker::Page(Note::Lost), "")));
    let kept: Vec<_> = page.seen();
    for index in [3, 4, 5] {
        assert!(kept.contains(&Effect::KeepEntry(index)), "{index}");
    }
}

#[test]
fn a_farewell_that_got_lost_is_one_all_the_same() {
    let mut page = Page::talking();
    page.on(Event::LeaveAsked);
    page.on(Event::Closed(1006));
    assert_eq!(page.state.phase, Phase::Ended(Ending::Farewell));
    let mut page = Page::talking();
    page.write("sair");
    page.on(Event::Closed(1006));
    assert_eq!(page.state.phase, Phase::Ended(Ending::Farewell));
}

#[test]
fn a_server_that_is_there_and_refuses_is_not_tried_for_ever() {
    let mut page = Page::new();
    page.on(Event::Started);
    for tried in 1..=2 {
        assert!(!matches!(page.state.phase, Phase::Ended(_)), "tried {tried}");
        page.seen();
        page.on(Event::Closed(1006));
        assert!(page.seen().contains(&Effect::Probe));
        page.on(Event::Reachable);
        page.pass(4_000);
    }
    assert_eq!(page.state.phase, Phase::Ended(Ending::HandshakeRefused));
    page.on(Event::ReconnectAsked);
    page.on(Event::Opened);
    page.told(waiting(1));
    page.on(Event::Closed(1006));
    page.on(Event::Reachable);
    assert!(matches!(page.state.phase, Phase::Retrying(_)), "a connection that stood was not refused");
}

#[test]
fn a_server_that_comes_back_just_after_a_handshake_did_not_refuse_it() {
    let mut page = Page::new();
    page.on(Event::Started);
    for _ in 0..3 {
        page.on(Event::Closed(1006));
        page.pass(60_000);
        page.on(Event::Closed(1006));
        page.on(Event::Reachable);
        assert!(matches!(page.state.phase, Phase::Retrying(_)));
        page.pass(60_000);
    }
}

#[test]
fn a_server_that_is_off_is_tried_for_ever() {
    let mut page = Page::new();
    page.on(Event::Started);
    for _ in 0..50 {
        page.on(Event::Closed(1006));
        assert!(matches!(page.state.phase, Phase::Retrying(_)));
        page.pass(60_000);
    }
}

#[test]
fn a_copy_of_the_page_sends_nothing_that_waited_in_the_original() {
    let mut page = Page::with(|beginning| {
        beginning.is_copy = true;
        beginning.entries = vec![entry(Delivery::Sent, "um"), entry(Delivery::Waiting, "dois")];
    });
    page.on(Event::Started);
    page.on(Event::Opened);
    page.told(turn(None));
    assert_eq!(page.sent(), [""; 0]);
    assert_eq!(page.deliveries(), [Delivery::Unanswered, Delivery::Unsent]);
}

#[test]
fn the_last_word_belongs_to_its_own_connection() {
    let mut page = Page::waiting(1);
    page.told(bye(ByeReason::QueueFull));
    page.on(Event::Closed(1013));
    page.on(Event::ReconnectAsked);
    page.on(Event::Opened);
    page.on(Event::Closed(1006));
    assert!(matches!(page.state.phase, Phase::Retrying(retry) if retry.ending == Ending::Network));
}

#[test]
fn after_the_end_nothing_arrives_any_more() {
    let mut page = Page::talking();
    page.on(Event::Closed(1000));
    let entries = page.entries().len();
    for event in [reply("tarde"), waiting(1), turn(None), bye(ByeReason::Error)] {
        page.told(event);
    }
    page.on(Event::Closed(1006));
    assert_eq!((page.state.phase, page.entries().len()), (Phase::Ended(Ending::Farewell), entries));
}

#[test]
fn a_draft_stays_in_the_field_after_the_end() {
    let mut page = Page::talking();
    page.on(Event::Closed(1000));
    page.write("ainda");
    assert_eq!((page.state.draft.as_str(), page.state.can_submit()), ("ainda", false));
    page.on(Event::LeaveAsked);
    assert_eq!(page.state.phase, Phase::Ended(Ending::Farewell));
}

#[test]
fn a_page_left_in_conversation_notes_its_end() {
    let mut page = Page::talking();
    page.write("um");
    page.on(Event::PageLeft);
    assert_eq!(page.deliveries(), [Delivery::Unanswered]);
    assert_eq!(page.entries().last(), Some(&(Speaker::Page(Note::Ended), "")));
}

#[test]
fn a_reload_knows_what_was_never_answered() {
    let page = Page::with(|beginning| beginning.entries.push(entry(Delivery::Sent, "um")));
    assert_eq!(page.deliveries(), [Delivery::Unanswered]);
}
