//! The view in a real document.

use wasm_bindgen::JsCast;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::{Element, HtmlElement};

use super::View;
use crate::browser::{document, element};
use crate::locale::Language;
use crate::state::{Beginning, Effect, Event, Moment, Permission, Preferences, State};
use vez_protocol::{ServerEvent, TurnKind};

wasm_bindgen_test_configure!(run_in_browser);

const NOW: Moment = Moment { millis: 1_763_800_000_000, chance: 0.5 };

/// Puts index.html's body and icon into a new stage in the document, and a state into the view.
fn page() -> (View, State) {
    let html = include_str!("../../index.html");
    let body = html.split_once("<body data-state=\"connecting\">").unwrap().1;
    let body = body.split_once("</body>").unwrap().0;
    let document = document().unwrap();
    if let Some(last) = document.get_element_by_id("stage") {
        last.remove();
    }
    let stage = document.create_element("div").unwrap();
    stage.set_id("stage");
    stage.set_inner_html(&(String::from("<link id=icon href=icon.svg>") + body));
    document.body().unwrap().append_child(&stage).unwrap();
    let beginning = Beginning {
        seat: None,
        stream: None,
        first: 0,
        entries: Vec::new(),
        is_copy: false,
        draft: String::new(),
        preferences: Preferences { language: Language::Portuguese, sound: true },
        notifications: Permission::Askable,
        is_online: true,
        is_visible: true,
    };
    let mut state = State::new(beginning);
    state.update(Event::Started, NOW);
    state.update(Event::Opened, NOW);
    (View::new().unwrap(), state)
}

fn show(view: &mut View, state: &mut State, events: impl IntoIterator<Item = Event>) {
    for effect in events.into_iter().flat_map(|event| state.update(event, NOW)) {
        if let Effect::KeepEntry(index) = effect {
            view.touch(index);
        }
    }
    view.draw(state, NOW.millis);
}

fn write(text: &str) -> [Event; 2] {
    [Event::Edited(text.into()), Event::Submitted]
}

fn text(selector: &str) -> String {
    document().unwrap().query_selector(selector).unwrap().unwrap().text_content().unwrap()
}

fn count(selector: &str) -> u32 {
    document().unwrap().query_selector_all(selector).unwrap().length()
}

fn waiting(position: usize) -> Event {
    Event::Received(ServerEvent::Waiting {
        position,
        ahead: None,
        estimate_seconds: None,
        holder: None,
        kind: TurnKind::Chat,
    })
}

#[wasm_bindgen_test]
fn waiting_shows_the_place() {
    let (mut view, mut state) = page();
    show(&mut view, &mut state, [waiting(20)]);
    assert_eq!((text("#place").as_str(), text("#headline").as_str()), ("20", "Você é o 20º da fila"));
    assert_eq!((count(".person"), text("[data-who=more]").as_str()), (14, "+8"));
    show(
        &mut view,
        &mut state,
        [Event::Received(ServerEvent::Turn { kind: TurnKind::Chat, max_message: None, newline: None })],
    );
    assert!(element::<HtmlElement>("place").unwrap().hidden());
    assert_eq!(count(".person"), 0);
}

#[wasm_bindgen_test]
fn names_enter_as_text() {
    let (mut view, mut state) = page();
    assert!(element::<HtmlElement>("account").unwrap().hidden());
    let name = "<b>joão</b>";
    let seat = ServerEvent::Seat {
        token: "a".into(),
        grace_seconds: 15,
        lost: false,
        last_id: None,
        bytes: 0,
        user: Some(name.into()),
    };
    let waiting = ServerEvent::Waiting {
        position: 2,
        ahead: None,
        estimate_seconds: None,
        holder: Some(name.into()),
        kind: TurnKind::Chat,
    };
    show(&mut view, &mut state, [seat, waiting].map(Event::Received));
    assert_eq!(text("#detail"), "2 pessoas à sua frente. <b>joão</b> conversa agora.");
    assert_eq!(text("#account"), name);
    assert!(!element::<HtmlElement>("account").unwrap().hidden());
}

#[wasm_bindgen_test]
fn what_was_said_enters_as_text() {
    let (mut view, mut state) = page();
    let markup = "<img src=x onerror=alert(1)>&amp;";
    show(
        &mut view,
        &mut state,
        [Event::Received(ServerEvent::Turn { kind: TurnKind::Chat, max_message: None, newline: None })]
            .into_iter()
            .chain(write(markup)),
    );
    show(&mut view, &mut state, [Event::Received(ServerEvent::Reply { text: markup.into(), to: None })]);
    assert_eq!((count("#log img"), text("[data-from=me] .words").as_str()), (0, markup));
    assert_eq!(text("[data-from=server] .words"), markup);
}

#[wasm_bindgen_test]
fn fates_change_in_place() {
    let (mut view, mut state) = page();
    show(&mut view, &mut state, [waiting(1)].into_iter().chain(write("oi")));
    let row: Element = document().unwrap().query_selector(".message").unwrap().unwrap();
    assert_eq!(row.get_attribute("data-state").as_deref(), Some("waiting"));
    show(
        &mut view,
        &mut state,
        [Event::Received(ServerEvent::Turn { kind: TurnKind::Chat, max_message: None, newline: None })],
    );
    assert_eq!(row.get_attribute("data-state").as_deref(), Some("sent"));
    show(&mut view, &mut state, [Event::Received(ServerEvent::Reply { text: "olá".into(), to: None })]);
    assert_eq!(row.get_attribute("data-state").as_deref(), Some("answered"));
    assert!(row.is_connected());
}

#[wasm_bindgen_test]
fn an_unchanged_state_touches_no_text() {
    let (mut view, mut state) = page();
    show(&mut view, &mut state, [waiting(2)]);
    let nodes = || ["headline", "detail"].map(|id| element::<Element>(id).unwrap().first_child());
    let before = nodes();
    show(&mut view, &mut state, [waiting(2)]);
    assert_eq!(nodes(), before);
}

#[wasm_bindgen_test]
fn one_copy_button_is_reached_by_tab() {
    let (mut view, mut state) = page();
    show(
        &mut view,
        &mut state,
        [Event::Received(ServerEvent::Turn { kind: TurnKind::Chat, max_message: None, newline: None })]
            .into_iter()
            .chain(write("um"))
            .chain(write("dois")),
    );
    assert_eq!((count(".copy"), count(".copy[tabindex=\"0\"]")), (2, 1));
    let reached = document().unwrap().query_selector(".copy[tabindex=\"0\"]").unwrap().unwrap();
    assert_eq!(reached.get_attribute("data-index").as_deref(), Some("2"));
}

#[wasm_bindgen_test]
fn the_language_changes_everywhere() {
    let (mut view, mut state) = page();
    show(
        &mut view,
        &mut state,
        [
            Event::Received(ServerEvent::Turn { kind: TurnKind::Chat, max_message: None, newline: None }),
            Event::LanguageSwitched,
        ],
    );
    assert_eq!(text("#headline"), "It is your turn");
    assert_eq!(text("[data-from=page] .words"), "Your turn began");
    let root = document().unwrap().document_element().unwrap();
    assert_eq!(root.get_attribute("lang").as_deref(), Some("en"));
    let field: HtmlElement = element::<Element>("message").unwrap().unchecked_into();
    assert_eq!(field.get_attribute("aria-invalid").as_deref(), Some("false"));
}

fn stream() -> Event {
    Event::Received(ServerEvent::Turn { kind: TurnKind::Stream, max_message: None, newline: None })
}

fn came(text: &str) -> [Event; 1] {
    [Event::Streamed(text.into())]
}

fn is_hidden(id: &str) -> bool {
    element::<HtmlElement>(id).unwrap().hidden()
}

#[wasm_bindgen_test]
fn a_stream_is_one_text_in_place_of_the_conversation() {
    let (mut view, mut state) = page();
    show(&mut view, &mut state, [waiting(1)]);
    assert_eq!(["log", "stream", "keys"].map(is_hidden), [false, true, true]);
    show(&mut view, &mut state, [stream()]);
    assert_eq!(["log", "stream", "keys"].map(is_hidden), [true, false, false]);
    assert_eq!(text("#hint"), "Enter envia a linha · Shift+Enter quebra a linha · vazia, só a quebra");
    let markup = "<img src=x>\r\n\u{1b}[31m";
    show(&mut view, &mut state, came(markup));
    assert_eq!((text("#text").as_str(), count("#stream img")), ("<img src=x>\n‹1b›[31m", 0));
    show(&mut view, &mut state, came("mais"));
    show(&mut view, &mut state, []);
    assert_eq!((text("#text").as_str(), count("#text .piece")), ("<img src=x>\n‹1b›[31mmais", 1));
}

#[wasm_bindgen_test]
fn a_stream_shows_its_newest_part() {
    let (mut view, mut state) = page();
    let lines = |from: usize| -> String { (from..from + 2000).map(|line| format!("{line:>99}\n")).collect() };
    show(&mut view, &mut state, [stream()]);
    for from in [0, 2000, 4000, 6000, 20_000] {
        show(&mut view, &mut state, came(&lines(from)));
        let (_, pieces) = state.stream.as_ref().unwrap().shown();
        assert!(text("#text") == pieces.concat(), "{from}");
        assert_eq!(count("#text .piece") as usize, pieces.len());
        assert_eq!(is_hidden("older"), from == 0);
    }
    assert!(text("#text").len() <= 256 * 1024);
    show(&mut view, &mut state, came("fim"));
    assert!(text("#text").ends_with("21999\nfim"));
    // Two megabytes in one frame leave only what is shown.
    show(&mut view, &mut state, came(&lines(0).repeat(10)));
    assert!(text("#text") == state.stream.as_ref().unwrap().shown().1.concat());
}

#[wasm_bindgen_test]
fn a_flood_is_not_read_out() {
    let (mut view, mut state) = page();
    let live = || element::<Element>("stream").unwrap().get_attribute("aria-live");
    show(&mut view, &mut state, [stream()].into_iter().chain(came("olá\n")));
    assert_eq!(live().as_deref(), Some("polite"));
    show(&mut view, &mut state, came(&"y\n".repeat(10_000)));
    assert_eq!(live().as_deref(), Some("off"));
}

#[wasm_bindgen_test]
fn a_stream_is_drawn_when_somebody_looks_again() {
    let (mut view, mut state) = page();
    show(&mut view, &mut state, [stream(), Event::Hidden].into_iter().chain(came("olá")));
    assert_eq!(text("#text"), "");
    show(&mut view, &mut state, [Event::Shown]);
    assert_eq!(text("#text"), "olá");
}

#[wasm_bindgen_test]
fn a_chat_after_a_stream_is_a_conversation_again() {
    let (mut view, mut state) = page();
    let chat =
        || Event::Received(ServerEvent::Turn { kind: TurnKind::Chat, max_message: None, newline: None });
    show(&mut view, &mut state, [stream()].into_iter().chain(came("antes")));
    show(&mut view, &mut state, [Event::Closed(1006)]);
    assert_eq!(["log", "stream", "keys"].map(is_hidden), [true, false, true]);
    show(&mut view, &mut state, [Event::ReconnectAsked, Event::Opened, chat()]);
    assert_eq!(["log", "stream", "keys"].map(is_hidden), [false, true, true]);
    assert_eq!(count("#text .piece"), 0);
    show(&mut view, &mut state, [Event::Closed(1006), Event::ReconnectAsked, Event::Opened, stream()]);
    show(&mut view, &mut state, came("depois"));
    assert_eq!(text("#text"), "depois");
}

#[wasm_bindgen_test]
fn a_focus_on_a_key_goes_to_the_field_when_the_keys_go() {
    let (mut view, mut state) = page();
    show(&mut view, &mut state, [stream()]);
    element::<HtmlElement>("keys")
        .unwrap()
        .query_selector("[data-byte]")
        .unwrap()
        .unwrap()
        .unchecked_into::<HtmlElement>()
        .focus()
        .unwrap();
    show(&mut view, &mut state, [Event::LeaveAsked]);
    assert_eq!(document().unwrap().active_element().unwrap().id(), "message");
}
