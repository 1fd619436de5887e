//! Connects the state with the page, the socket and the clock.

mod inputs;
mod terminal;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::{Promise, Reflect};
use wasm_bindgen::JsValue;

use crate::browser::Listener;
use crate::browser::answer::Answer;
use crate::browser::clock::{self, Alarm, Frame};
use crate::browser::ring::Ring;
use crate::browser::{attention, clipboard, document, is_local, report, storage, window};
use crate::panel;
use crate::socket::{self, Socket};
use crate::state::{Beginning, Effect, Event, Permission, State, Stream};
use crate::view::{self, View};

/// What leaves nothing of a terminal: as new (RIS), and without what scrolled away (ED 3).
const FORGET: &[u8] = b"\x1bc\x1b[3J";

/// The page's one program with all that it holds, which lives as long as the page.
struct App {
    /// What the page knows, and what it shows of that; borrowed while an event is handled.
    page: RefCell<(State, View)>,
    /// Events that wait while another is handled.
    events: Cell<Vec<Event>>,
    socket: Cell<Option<Socket>>,
    alarm: Cell<Option<Alarm>>,
    /// What draws with the next frame.
    frame: Cell<Option<Frame>>,
    /// The browser's answer to the last question.
    answer: Cell<Option<Answer>>,
    /// What draws a turn that is a terminal.
    terminal: RefCell<terminal::Slot>,
    /// The server's answer to the last probe.
    probe: Cell<Option<Answer>>,
    /// What of the conversation survives a reload.
    ring: RefCell<Ring>,
    listeners: Cell<Vec<Listener>>,
}

/// Makes the page live.
pub(crate) fn start() -> Result<(), JsValue> {
    let app: &'static App = Box::leak(Box::new(App::new()?));
    app.listeners.set(inputs::listen(app)?);
    app.handle(Event::Started);
    app.draw();
    document()?.body().ok_or("no body")?.set_attribute("data-live", "")?;
    Ok(())
}

impl App {
    fn new() -> Result<Self, JsValue> {
        let view = View::new()?;
        let typed = view.draft();
        let is_copy = storage::is_copy() && is_from_history()? && !was_discarded()?;
        storage::note_left(false);
        let (mut ring, entries) = Ring::open();
        let beginning = Beginning {
            seat: storage::seat(),
            first: ring.first(),
            entries,
            stream: storage::stream(),
            is_copy,
            draft: if typed.is_empty() { storage::draft().unwrap_or_default() } else { typed },
            preferences: storage::preferences(),
            notifications: attention::permission(),
            is_online: is_local() || window()?.navigator().on_line(),
            is_visible: !document()?.hidden(),
        };
        view.show_draft(&beginning.draft);
        let state = State::new(beginning);
        if is_copy {
            // What waited in the original must not wait in the copy's next reload.
            let entries = state.conversation.entries().iter().enumerate();
            entries.for_each(|(index, entry)| ring.keep(state.conversation.number(index), entry));
        }
        Ok(Self {
            page: RefCell::new((state, view)),
            ring: RefCell::new(ring),
            events: Cell::default(),
            socket: Cell::default(),
            alarm: Cell::default(),
            frame: Cell::default(),
            terminal: RefCell::default(),
            probe: Cell::default(),
            answer: Cell::default(),
            listeners: Cell::default(),
        })
    }

    /// What closures call with an event.
    fn hearer(&'static self) -> Rc<dyn Fn(Event)> {
        Rc::new(|event| {
            if let Some(event) = self.hold(event) {
                self.handle(event);
            }
        })
    }

    /// Handles an event; one that an effect causes waits until the effect is done.
    fn handle(&'static self, event: Event) {
        let mut waiting = self.events.take();
        waiting.push(event);
        self.events.set(waiting);
        let Ok(mut page) = self.page.try_borrow_mut() else { return };
        let (state, view) = &mut *page;
        loop {
            let events = self.events.take();
            if events.is_empty() {
                break;
            }
            for event in events {
                for effect in state.update(event, clock::moment()) {
                    report(self.perform(effect, state, view));
                }
            }
        }
        report(self.set_alarm(state));
        report(self.draw_soon(state, view));
    }

    /// Draws once a frame; at once where nobody looks, which has none.
    fn draw_soon(&'static self, state: &State, view: &mut View) -> Result<(), JsValue> {
        if state.is_visible {
            return self.draw_next();
        }
        self.frame.set(None);
        view.draw(state, clock::moment().millis);
        Ok(())
    }

    fn draw(&'static self) {
        self.frame.set(None);
        if let Ok(mut page) = self.page.try_borrow_mut() {
            let (state, view) = &mut *page;
            view.draw(state, clock::moment().millis);
            if self.draw_terminal(state) {
                report(self.draw_next());
            }
        }
    }

    /// Draws with the next frame.
    fn draw_next(&'static self) -> Result<(), JsValue> {
        let frame = match self.frame.take() {
            None => Frame::next(|| self.draw())?,
            Some(frame) => frame,
        };
        self.frame.set(Some(frame));
        Ok(())
    }

    fn set_alarm(&'static self, state: &State) -> Result<(), JsValue> {
        let now = clock::moment().millis;
        let alarm =
            state.alarm(now).map(|at| Alarm::after(at.saturating_sub(now), || self.handle(Event::Tick)));
        self.alarm.set(alarm.transpose()?);
        Ok(())
    }

    fn perform(&'static self, effect: Effect, state: &State, view: &mut View) -> Result<(), JsValue> {
        match effect {
            Effect::Connect(seat) => self.connect(seat.as_deref())?,
            Effect::Disconnect => {
                self.send(Socket::leave);
                self.socket.set(None);
            }
            Effect::Suspend => self.socket.set(None),
            Effect::Send(event) => self.send(|socket| socket.send(&event)),
            Effect::SendBytes(bytes) => self.send(|socket| socket.send_bytes(&bytes)),
            Effect::ShowDraft => view.show_draft(&state.draft),
            Effect::OpenTerminal => self.open_terminal()?,
            Effect::Restore(dump) => self.restore_terminal(dump),
            Effect::Feed(bytes) => self.feed_terminal(&bytes),
            Effect::Focus if state.is_terminal_in_sight() => self.focus_terminal()?,
            Effect::Focus => view.focus()?,
            Effect::Call => call(state)?,
            Effect::Probe => self.probe()?,
            Effect::KeepEntry(index) => {
                view.touch(index);
                if let Some(entry) = state.conversation.entries().get(index) {
                    self.ring.borrow_mut().keep(state.conversation.number(index), entry);
                }
            }
            Effect::KeepSeat => storage::keep_seat(state.seat.as_ref()),
            Effect::KeepStream => match &state.stream {
                Some(stream) if stream.is_terminal => self.keep_terminal(),
                stream => storage::keep_stream(stream.as_ref().map(Stream::newest)),
            },
            Effect::Clear => {
                view.clear();
                self.ring.borrow_mut().clear();
                storage::keep_stream(None);
                self.feed_terminal(FORGET);
            }
            Effect::KeepDraft => storage::keep_draft(&state.draft),
            Effect::KeepPreferences => storage::keep_preferences(state.preferences),
        }
        Ok(())
    }

    fn connect(&'static self, seat: Option<&str>) -> Result<(), JsValue> {
        // The old socket goes first, so that its place in the queue is free before the new one asks.
        self.socket.set(None);
        self.socket.set(Some(Socket::open(&socket::url()?, seat, self.hearer())?));
        Ok(())
    }

    fn send(&self, send: impl FnOnce(&Socket)) {
        if let Some(socket) = self.socket.take() {
            send(&socket);
            self.socket.set(Some(socket));
        }
    }

    /// Tells a server that is off from one that refuses the handshake, which a browser does not tell.
    fn probe(&'static self) -> Result<(), JsValue> {
        let location = window()?.location();
        let told = move |response: Option<JsValue>| {
            let status = response.and_then(|response| Reflect::get(&response, &"status".into()).ok());
            match status.and_then(|status| status.as_f64()).unwrap_or_default() as u16 {
                // It is there: well, or it does not know the page's address.
                200 | 403 => self.handle(Event::Reachable),
                // It asks who we are, with a form where the page was.
                401 => report(location.reload()),
                _ => {}
            }
        };
        self.probe.set(Some(Answer::to(&window()?.fetch_with_str("/"), told)));
        Ok(())
    }

    /// Asks whether notifications are welcome.
    fn ask(&'static self) -> Result<(), JsValue> {
        let told = |_| self.handle(Event::NotificationsAnswered(attention::permission()));
        self.answer.set(Some(Answer::to(&attention::ask()?, told)));
        Ok(())
    }

    /// Copies the message with this index.
    fn copy(&self, index: usize) {
        let Ok(page) = self.page.try_borrow() else { return };
        let (state, view) = &*page;
        let language = state.preferences.language;
        if let Some(words) = view.words(index) {
            let copied = clipboard::copy(words).unwrap_or_else(|error| Promise::reject(&error));
            let told = move |copied: Option<_>| view::say_copied(copied.is_some(), language);
            self.answer.set(Some(Answer::to(&copied, told)));
        }
    }

    /// Puts the focus on the copy button after or before a message's.
    fn step(&self, from: usize, forward: bool) {
        if let Ok(page) = self.page.try_borrow() {
            report(page.1.step(from, forward));
        }
    }

    /// Offers the conversation as a file.
    fn save(&self) {
        if let Ok(page) = self.page.try_borrow() {
            report(view::download(&page.0, self.terminal_text()));
        }
    }
}

/// Whether the browser discarded the page, which could not say that it left (Page Lifecycle, `document.wasDiscarded`).
fn was_discarded() -> Result<bool, JsValue> {
    Ok(Reflect::get(&document()?.into(), &"wasDiscarded".into())?.is_truthy())
}

/// Whether the page comes from a tab's history, as a duplicated tab's does (Navigation Timing 2, §5.1). Of any other what
/// it wrote when it was left was lost, if it seems to be still there.
fn is_from_history() -> Result<bool, JsValue> {
    let navigations = window()?.performance().ok_or("no performance")?.get_entries_by_type("navigation");
    Ok(Reflect::get(&navigations.get(0), &"type".into())? == "back_forward")
}

/// Calls the person, who is looking elsewhere.
fn call(state: &State) -> Result<(), JsValue> {
    if state.notifications == Permission::Granted {
        attention::notify(panel::talk_headline(state).in_language(state.preferences.language));
    }
    attention::vibrate();
    if state.preferences.sound { attention::ring() } else { Ok(()) }
}
