//! Waiting for the turn.

use vez_protocol::{ClientEvent, ServerEvent, TurnKind};

use super::super::{Delivery, Effect, Ending, Event, Note, Phase, Place, Speaker};
use super::{Page, entry, place, turn, waiting};

#[test]
fn the_place_is_the_last_that_the_server_said() {
    let mut page = Page::open();
    for position in [3, 2, 1] {
        page.told(waiting(position));
        assert_eq!(page.state.phase, place(position));
    }
}

#[test]
fn those_ahead_and_the_estimate_are_the_servers() {
    let mut page = Page::open();
    page.told(ServerEvent::Waiting {
        position: 3,
        ahead: Some(4),
        estimate_seconds: Some(90),
        holder: Some("joão".into()),
        kind: TurnKind::Chat,
    });
    let expected = Some(page.now + 90_000);
    assert_eq!(page.state.phase, Phase::Waiting(Place { position: 3, ahead: 4, expected }));
    assert_eq!(page.state.holder.as_deref(), Some("joão"));
}

#[test]
fn no_estimate_is_too_large() {
    let mut page = Page::open();
    page.told(ServerEvent::Waiting {
        position: 1,
        ahead: None,
        estimate_seconds: Some(u64::MAX),
        holder: None,
        kind: TurnKind::Chat,
    });
    assert!(page.state.alarm(page.now).is_some());
}

#[test]
fn what_is_written_beforehand_goes_out_with_the_turn_in_order() {
    let mut page = Page::waiting(2);
    page.write("um");
    page.write("dois");
    assert_eq!(page.sent(), [""; 0]);
    assert_eq!(page.deliveries(), [Delivery::Waiting; 2]);
    page.told(turn(None));
    assert_eq!(page.sent(), ["um", "dois"]);
    assert_eq!(page.deliveries(), [Delivery::Sent; 2]);
}

#[test]
fn it_waits_through_a_lost_connection_and_a_reload() {
    let mut page = Page::waiting(2);
    page.write("um");
    page.on(Event::Closed(1006));
    page.on(Event::ReconnectAsked);
    page.on(Event::Opened);
    page.told(turn(None));
    assert_eq!(page.sent(), ["um"]);

    let mut reloaded = Page::with(|beginning| beginning.entries.push(entry(Delivery::Waiting, "um")));
    reloaded.on(Event::Started);
    reloaded.on(Event::Opened);
    reloaded.told(turn(None));
    assert_eq!(reloaded.sent(), ["um"]);
}

#[test]
fn the_turn_puts_the_cursor_into_the_field_and_is_noted() {
    let mut page = Page::waiting(1);
    page.told(turn(None));
    assert_eq!(page.seen(), [Effect::KeepEntry(0), Effect::Focus]);
    assert_eq!(page.entries(), [(Speaker::Page(Note::Began), "")]);
    page.told(turn(None));
    assert_eq!(page.seen(), [], "a turn comes once");
}

#[test]
fn who_looks_elsewhere_is_called() {
    let mut page = Page::waiting(1);
    page.on(Event::Hidden);
    page.told(turn(None));
    assert!(page.seen().contains(&Effect::Call));
}

#[test]
fn leaving_the_queue_says_so_and_needs_no_farewell() {
    for leave in [|page: &mut Page| page.on(Event::LeaveAsked), |page: &mut Page| page.write("Sair")] {
        let mut page = Page::waiting(2);
        page.write("depois");
        page.seen();
        leave(&mut page);
        assert_eq!(page.state.phase, Phase::Ended(Ending::LeftQueue));
        assert_eq!(page.deliveries(), [Delivery::Unsent]);
        let effects = page.seen();
        let leave = effects.iter().position(|effect| *effect == Effect::Send(ClientEvent::Leave));
        let disconnect = effects.iter().position(|effect| *effect == Effect::Disconnect);
        assert!(leave.is_some() && leave < disconnect, "{effects:?}");
    }
}
