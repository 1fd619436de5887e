//! Connecting, and connecting again.

use rstest::rstest;
use vez_protocol::{ClientEvent, ServerEvent};

use super::super::{Effect, Ending, Event, Phase, Retry};
use super::{Page, START, place, waiting};

#[test]
fn a_page_connects_when_it_starts() {
    let mut page = Page::new();
    page.on(Event::Started);
    assert_eq!(page.seen(), [Effect::Connect(None)]);
    assert_eq!(page.state.phase, Phase::Connecting);
}

#[test]
fn a_connection_that_does_not_open_is_given_up() {
    let mut page = Page::new();
    page.on(Event::Started);
    page.pass(14_999);
    assert_eq!(page.state.phase, Phase::Connecting);
    page.pass(1);
    let at = START + 15_000 + 500;
    assert_eq!(page.state.phase, Phase::Retrying(Retry { ending: Ending::Unreachable, at }));
}

#[rstest]
#[case::network(1006)]
#[case::going_away(1001)]
#[case::restart(1012)]
#[case::queue_full(1013)]
fn what_may_pass_is_tried_again_by_itself(#[case] code: u16) {
    let mut page = Page::waiting(2);
    page.on(Event::Closed(code));
    assert!(matches!(page.state.phase, Phase::Retrying(_)), "{:?}", page.state.phase);
    page.seen();
    page.pass(60_000);
    assert!(page.seen().contains(&Effect::Connect(None)));
}

#[test]
fn back_off_grows_until_a_connection_lasts() {
    let mut page = Page::open();
    page.chance = 1.0;
    let mut waits = Vec::new();
    for _ in 0..4 {
        page.on(Event::Closed(1006));
        let Phase::Retrying(Retry { at, .. }) = page.state.phase else { panic!("not retrying") };
        waits.push(at - page.now);
        page.pass(at - page.now);
        page.on(Event::Opened);
        page.told(waiting(1));
    }
    assert_eq!(waits, [1_000, 2_000, 4_000, 8_000]);
}

#[test]
fn the_countdown_ticks_every_second() {
    let mut page = Page::open();
    page.chance = 1.0;
    for _ in 0..3 {
        page.on(Event::Closed(1006));
        page.on(Event::ReconnectAsked);
        page.on(Event::Opened);
    }
    page.on(Event::Closed(1006));
    assert_eq!(page.state.alarm(page.now), Some(page.now + 1_000));
    page.pass(7_500);
    assert_eq!(page.state.alarm(page.now), Some(page.now + 500));
}

#[test]
fn asking_does_not_wait_for_the_countdown() {
    let mut page = Page::open();
    page.on(Event::Closed(1006));
    page.seen();
    page.on(Event::ReconnectAsked);
    assert_eq!(page.seen(), [Effect::Connect(None)]);
    page.on(Event::ReconnectAsked);
    assert_eq!(page.seen(), [], "one is on its way already");
}

#[test]
fn without_a_network_it_is_tried_all_the_same_and_at_once_when_it_is_back() {
    let mut page = Page::open();
    page.on(Event::Offline);
    page.on(Event::Closed(1006));
    page.seen();
    page.pass(1_000);
    assert_eq!(page.seen(), [Effect::Connect(None)], "the browser may be wrong");
    page.on(Event::Closed(1006));
    page.seen();
    page.on(Event::Online);
    assert_eq!(page.seen(), [Effect::Connect(None)]);
}

#[rstest]
#[case::shown(Event::Shown)]
#[case::online(Event::Online)]
#[case::offline(Event::Offline)]
fn a_socket_that_only_looks_open_is_found_out(#[case] event: Event) {
    let mut page = Page::waiting(2);
    page.seen();
    page.on(event);
    assert_eq!(page.seen(), [Effect::Send(ClientEvent::Ping)]);
    page.pass(4_999);
    assert_eq!(page.state.phase, place(2));
    page.pass(1);
    assert!(matches!(page.state.phase, Phase::Retrying(Retry { ending: Ending::Network, .. })));
    assert!(page.seen().contains(&Effect::Disconnect));
}

#[test]
fn any_word_from_the_server_shows_that_it_is_there() {
    for word in [ServerEvent::Pong, waiting(2), ServerEvent::Unknown] {
        let mut page = Page::waiting(2);
        page.on(Event::Shown);
        page.pass(4_000);
        page.told(word);
        page.pass(10_000);
        assert_eq!(page.state.phase, place(2));
    }
}

#[test]
fn a_silent_server_is_asked_now_and_then() {
    let mut page = Page::waiting(2);
    for _ in 0..3 {
        page.seen();
        page.pass(30_000);
        assert_eq!(page.sent(), ["<ping>"]);
        page.told(ServerEvent::Pong);
    }
}

#[test]
fn a_server_at_work_on_an_answer_gets_more_time() {
    let mut page = Page::talking();
    page.write("pense bem");
    page.on(Event::Shown);
    page.pass(59_000);
    assert!(page.state.phase.talk().is_some());
    page.pass(1_000);
    assert!(matches!(page.state.phase, Phase::Retrying(_)));
}

#[test]
fn a_page_in_the_back_forward_cache_frees_its_place_and_comes_back() {
    let mut page = Page::waiting(2);
    page.on(Event::PageLeft);
    assert_eq!(page.seen(), [Effect::KeepDraft, Effect::Disconnect]);
    assert_eq!((page.state.phase, page.state.alarm(page.now)), (Phase::Asleep, None));
    page.on(Event::Closed(1006));
    page.on(Event::Tick);
    assert_eq!(page.state.phase, Phase::Asleep);
    page.on(Event::PageReturned);
    assert_eq!(page.seen(), [Effect::Connect(None)]);
}

#[test]
fn what_ended_stays_so_in_the_back_forward_cache() {
    let mut page = Page::talking();
    page.on(Event::Closed(1000));
    page.on(Event::PageLeft);
    page.on(Event::PageReturned);
    assert_eq!(page.state.phase, Phase::Ended(Ending::Farewell));
}
