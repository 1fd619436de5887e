//! The conversation.

use rstest::rstest;
use vez_protocol::{ByeReason, ClientEvent, ServerEvent};

use super::super::{Delivery, Effect, Ending, Event, LIMIT, Note, Permission, Phase, Speaker};
use super::{Page, reply, turn};
use crate::locale::Language;

#[test]
fn a_message_is_sent_and_then_answered() {
    let mut page = Page::talking();
    page.write("olá");
    assert_eq!(page.sent(), ["olá"]);
    assert_eq!(page.state.draft, "");
    assert_eq!(page.deliveries(), [Delivery::Sent]);
    page.told(reply("Servidor recebeu: 'olá'"));
    let expected = [
        (Speaker::Page(Note::Began), ""),
        (Speaker::Me(Delivery::Answered), "olá"),
        (Speaker::Server, "Servidor recebeu: 'olá'"),
    ];
    assert_eq!(page.entries(), expected);
    assert_eq!(page.seen(), [Effect::KeepEntry(1), Effect::KeepEntry(2)]);
}

#[test]
fn a_server_may_answer_more_than_once_or_unasked() {
    let mut page = Page::talking();
    page.told(reply("bem-vindo"));
    page.write("oi");
    page.told(reply("um"));
    page.told(reply("dois"));
    assert_eq!(page.deliveries(), [Delivery::Answered]);
    assert_eq!(page.entries().len(), 5);
}

#[rstest]
#[case("")]
#[case("  \n\t ")]
fn a_draft_without_words_is_not_sent(#[case] draft: &str) {
    let mut page = Page::talking();
    page.write(draft);
    assert!(page.state.is_empty_refused);
    assert_eq!((page.sent().len(), page.entries().len()), (0, 1));
    page.on(Event::Edited("a".into()));
    assert!(!page.state.is_empty_refused);
}

#[test]
fn line_breaks_and_blanks_are_kept() {
    let mut page = Page::talking();
    page.write(" um\n\ndois ");
    assert_eq!(page.sent(), [" um\n\ndois "]);
}

#[test]
fn the_limit_counts_bytes() {
    let mut page = Page::talking();
    let longest = "é".repeat(LIMIT / 2);
    page.on(Event::Edited(longest.clone() + "x"));
    assert_eq!((page.state.room(), page.state.can_submit()), (-1, false));
    page.on(Event::Submitted);
    assert_eq!((page.sent().len(), page.state.draft.len()), (0, LIMIT + 1));
    page.write(&longest);
    assert_eq!(page.sent(), [longest]);
}

#[rstest]
#[case("sair")]
#[case("SAIR")]
fn the_word_is_a_message_that_the_responder_understands_or_not(#[case] word: &str) {
    let mut page = Page::talking();
    page.write(word);
    assert_eq!(page.sent(), [word]);
    page.told(reply("sair, disse o eco"));
    page.write("ainda");
    assert_eq!(
        (page.sent(), page.deliveries()),
        (vec!["ainda".into()], vec![Delivery::Answered, Delivery::Sent])
    );
    page.told(reply("ainda, disse o eco"));
    page.write(word);
    let text = "Servidor: Desconectando...".into();
    page.told(ServerEvent::Bye { reason: ByeReason::Farewell, text, status: None });
    assert_eq!(page.deliveries(), [Delivery::Answered; 3]);
    assert_eq!(page.entries().last(), Some(&(Speaker::Server, "Servidor: Desconectando...")));
}

#[test]
fn the_button_leaves_whatever_the_responder() {
    let mut page = Page::talking();
    page.on(Event::LeaveAsked);
    assert_eq!(page.sent(), ["<leave>"]);
    assert!(!page.state.can_submit());
    page.on(Event::LeaveAsked);
    assert_eq!(page.sent(), [""; 0], "once is enough");
    page.told(reply("um programa lento"));
    page.pass(4_999);
    assert!(page.state.phase.talk().is_some());
}

#[test]
fn a_server_that_says_no_goodbye_is_left_all_the_same() {
    let mut page = Page::talking();
    page.on(Event::LeaveAsked);
    page.seen();
    page.pass(5_000);
    assert_eq!(page.state.phase, Phase::Ended(Ending::NoFarewell));
    assert!(page.seen().contains(&Effect::Disconnect));
}

#[test]
fn replies_settle_the_message_that_they_name() {
    let mut page = Page::talking();
    let ids = ["um", "dois", "três"].map(|text| {
        page.write(text);
        let sent = page.seen().into_iter().find_map(|effect| match effect {
            Effect::Send(ClientEvent::Message { id, .. }) => id,
            _ => None,
        });
        sent.expect("an id")
    });
    let answer = |to| ServerEvent::Reply { text: "sim".into(), to };
    page.told(answer(Some(ids[1])));
    assert_eq!(page.deliveries(), [Delivery::Sent, Delivery::Answered, Delivery::Sent]);
    for to in [ids[1], 0, 99, u64::MAX] {
        page.told(answer(Some(to)));
    }
    assert_eq!(
        page.deliveries(),
        [Delivery::Sent, Delivery::Answered, Delivery::Sent],
        "settles once, and nothing else"
    );
    page.told(answer(None));
    assert_eq!(page.deliveries(), [Delivery::Answered, Delivery::Answered, Delivery::Sent], "by order");
}

#[test]
fn what_is_said_unprompted_settles_nothing() {
    let mut page = Page::talking();
    page.write("oi");
    page.told(ServerEvent::Output { text: "bem-vindo".into() });
    assert_eq!(page.deliveries(), [Delivery::Sent]);
    assert_eq!(page.entries().last(), Some(&(Speaker::Server, "bem-vindo")));
}

#[test]
fn the_servers_limit_holds_from_the_turn_on() {
    let mut page = Page::waiting(1);
    page.write("ééé");
    page.write("não cabe: é");
    page.told(turn(Some(7)));
    assert_eq!(page.sent(), ["ééé"]);
    assert_eq!(page.deliveries(), [Delivery::Sent, Delivery::Unsent]);
    page.on(Event::Edited("éééé".into()));
    assert_eq!((page.state.room(), page.state.can_submit()), (-1, false));
}

#[test]
fn a_warning_calls_who_looks_elsewhere_once() {
    let mut page = Page::talking();
    page.on(Event::Hidden);
    page.seen();
    let warning = || ServerEvent::Warning { seconds: 30, reason: ByeReason::IdleLimit };
    page.told(warning());
    assert_eq!(page.seen(), [Effect::Call]);
    page.told(warning());
    page.on(Event::Shown);
    page.on(Event::StayAsked);
    page.seen();
    page.told(warning());
    assert_eq!(page.seen(), []);
}

#[test]
fn a_warning_counts_down_until_a_message() {
    let mut page = Page::talking();
    page.told(ServerEvent::Warning { seconds: 30, reason: ByeReason::IdleLimit });
    let warning = page.state.phase.talk().and_then(|talk| talk.warning).expect("a warning");
    assert_eq!(warning.deadline, page.now + 30_000);
    assert!(warning.can_stay());
    assert_eq!(page.state.alarm(page.now), Some(page.now + 1_000));
    page.on(Event::StayAsked);
    assert_eq!(page.sent(), ["<stay>"]);
    assert_eq!(page.state.phase.talk().and_then(|talk| talk.warning), None);
    page.on(Event::StayAsked);
    assert_eq!(page.sent(), [""; 0]);
}

#[test]
fn no_message_extends_a_turn_that_is_too_long() {
    let mut page = Page::talking();
    page.told(ServerEvent::Warning { seconds: 30, reason: ByeReason::TurnLimit });
    page.write("só mais uma coisa");
    assert!(page.state.phase.talk().is_some_and(|talk| talk.warning.is_some_and(|w| !w.can_stay())));
}

#[test]
fn a_warning_that_came_to_nothing_goes_away() {
    let mut page = Page::talking();
    page.told(ServerEvent::Warning { seconds: 3, reason: ByeReason::IdleLimit });
    page.pass(10_000);
    assert_eq!(page.state.phase.talk().and_then(|talk| talk.warning), None);
}

#[test]
fn preferences_change_and_are_kept() {
    let mut page = Page::talking();
    page.on(Event::LanguageSwitched);
    page.on(Event::SoundSwitched);
    assert_eq!(page.seen(), [Effect::KeepPreferences, Effect::KeepPreferences]);
    assert_eq!((page.state.preferences.language, page.state.preferences.sound), (Language::English, false));
}

#[test]
fn the_browsers_word_on_notifications_is_known() {
    let mut page = Page::new();
    page.on(Event::NotificationsAnswered(Permission::Granted));
    assert_eq!(page.state.notifications, Permission::Granted);
}

#[test]
fn the_draft_is_kept_as_it_is_written() {
    let mut page = Page::waiting(3);
    page.on(Event::Edited("quase".into()));
    assert_eq!(
        (page.seen().as_slice(), page.state.draft.as_str()),
        ([Effect::KeepDraft].as_slice(), "quase")
    );
}
