//! Connects the state with the page, the socket and the clock.

mod inputs;

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use js_sys::Reflect;
use vez_protocol::ClientEvent;
use wasm_bindgen::JsValue;

use crate::browser::answer::Answer;
use crate::browser::clock::{self, Alarm, Frame};
use crate::browser::listener::Listener;
use crate::browser::{attention, clipboard, document, is_local, report, storage, window};
use crate::panel;
use crate::socket::{self, Socket};
use crate::state::{Beginning, Effect, Event, Permission, State};
use crate::view::{self, View};

thread_local! {
    /// The page's one program, which lives as long as the page.
    static APP: RefCell<Option<Rc<App>>> = const { RefCell::new(None) };
}

/// The program with all that it holds.
struct App {
    /// The program itself, for the closures that tell it of events.
    me: Weak<Self>,
    /// What the page knows, and what it shows of that.
    page: RefCell<(State, View)>,
    /// Events that wait while another is handled.
    events: Cell<Vec<Event>>,
    /// Whether an event is being handled.
    is_busy: Cell<bool>,
    socket: Cell<Option<Socket>>,
    alarm: Cell<Option<Alarm>>,
    /// What draws with the next frame.
    frame: Cell<Option<Frame>>,
    /// The browser's answer to the last question.
    answer: Cell<Option<Answer>>,
    /// The server's answer to the last probe.
    probe: Cell<Option<Answer>>,
    /// Whether the browser has room for the conversation.
    is_kept: Cell<bool>,
    listeners: Cell<Vec<Listener>>,
}

/// Makes the page live.
pub(crate) fn start() -> Result<(), JsValue> {
    let app = App::new()?;
    app.listeners.set(inputs::listen(&app.me)?);
    app.handle(Event::Started);
    app.draw();
    document()?.body().ok_or("no body")?.set_attribute("data-live", "")?;
    APP.set(Some(app));
    Ok(())
}

impl App {
    fn new() -> Result<Rc<Self>, JsValue> {
        let view = View::new()?;
        let typed = view.draft();
        let is_copy = storage::is_copy();
        storage::note_left(false);
        let beginning = Beginning {
            entries: storage::entries(),
            is_copy,
            draft: if typed.is_empty() { storage::draft().unwrap_or_default() } else { typed },
            preferences: storage::preferences(),
            notifications: attention::permission(),
            is_online: is_local() || window()?.navigator().on_line(),
            is_visible: !document()?.hidden(),
        };
        view.show_draft(&beginning.draft);
        let state = State::new(beginning);
        let mut entries = state.conversation.entries().iter().enumerate();
        // What waited in the original must not wait in the copy's next reload.
        let is_kept = !is_copy || entries.all(|(index, entry)| storage::keep_entry(index, entry));
        Ok(Rc::new_cyclic(|me| Self {
            me: me.clone(),
            page: RefCell::new((state, view)),
            is_kept: Cell::new(is_kept),
            events: Cell::default(),
            is_busy: Cell::default(),
            socket: Cell::default(),
            alarm: Cell::default(),
            frame: Cell::default(),
            probe: Cell::default(),
            answer: Cell::default(),
            listeners: Cell::default(),
        }))
    }

    /// What closures call with an event.
    fn hearer(&self) -> Rc<dyn Fn(Event)> {
        let me = self.me.clone();
        Rc::new(move |event| {
            if let Some(app) = me.upgrade() {
                app.handle(event);
            }
        })
    }

    /// Handles an event; one that an effect causes waits until the effect is done.
    fn handle(&self, event: Event) {
        let mut waiting = self.events.take();
        waiting.push(event);
        self.events.set(waiting);
        if self.is_busy.replace(true) {
            return;
        }
        loop {
            let events = self.events.take();
            if events.is_empty() {
                break;
            }
            let (state, view) = &mut *self.page.borrow_mut();
            for event in events {
                for effect in state.update(event, clock::moment()) {
                    report(self.perform(effect, state, view));
                }
            }
            report(self.set_alarm(state));
        }
        self.is_busy.set(false);
        self.draw_soon();
    }

    /// Draws once a frame; at once where nobody looks, which has none.
    fn draw_soon(&self) {
        if !self.page.borrow().0.is_visible {
            return self.draw();
        }
        let frame = self.frame.take().map_or_else(|| self.next_frame(), Ok);
        report(frame.map(|frame| self.frame.set(Some(frame))));
    }

    fn next_frame(&self) -> Result<Frame, JsValue> {
        let me = self.me.clone();
        Frame::next(move || {
            if let Some(app) = me.upgrade() {
                app.draw();
            }
        })
    }

    fn draw(&self) {
        self.frame.set(None);
        let (state, view) = &mut *self.page.borrow_mut();
        view.draw(state, clock::moment().millis);
    }

    fn set_alarm(&self, state: &State) -> Result<(), JsValue> {
        let now = clock::moment().millis;
        let alarm = state.alarm(now).map(|at| {
            let hear = self.hearer();
            Alarm::after(at.saturating_sub(now), move || hear(Event::Tick))
        });
        self.alarm.set(alarm.transpose()?);
        Ok(())
    }

    fn perform(&self, effect: Effect, state: &State, view: &mut View) -> Result<(), JsValue> {
        match effect {
            Effect::Connect => self.connect()?,
            Effect::Disconnect => self.socket.set(None),
            Effect::Send(event) => self.send(&event),
            Effect::ShowDraft => view.show_draft(&state.draft),
            Effect::Focus => view.focus()?,
            Effect::Call => call(state)?,
            Effect::Probe => self.probe()?,
            Effect::KeepEntry(index) => {
                view.touch(index);
                let entry = &state.conversation.entries()[index];
                self.is_kept.set(self.is_kept.get() && storage::keep_entry(index, entry));
            }
            Effect::KeepDraft => storage::keep_draft(&state.draft),
            Effect::KeepPreferences => storage::keep_preferences(state.preferences),
        }
        Ok(())
    }

    fn connect(&self) -> Result<(), JsValue> {
        // The old socket goes first, so that its place in the queue is free before the new one asks.
        self.socket.set(None);
        self.socket.set(Some(Socket::open(&socket::url()?, self.hearer())?));
        Ok(())
    }

    fn send(&self, event: &ClientEvent<'_>) {
        if let Some(socket) = self.socket.take() {
            socket.send(event);
            self.socket.set(Some(socket));
        }
    }

    /// Tells a server that is off from one that refuses the handshake, which a browser does not tell.
    fn probe(&self) -> Result<(), JsValue> {
        /// What a server answers that is there: well, or that it does not know the page's address.
        const THERE: [f64; 2] = [200.0, 403.0];
        let hear = self.hearer();
        let told = move |response: Option<JsValue>| {
            let status = response.and_then(|response| Reflect::get(&response, &"status".into()).ok());
            if status.and_then(|status| status.as_f64()).is_some_and(|status| THERE.contains(&status)) {
                hear(Event::Reachable);
            }
        };
        self.probe.set(Some(Answer::to(&window()?.fetch_with_str("/healthz"), told)));
        Ok(())
    }

    /// Asks whether notifications are welcome.
    fn ask(&self) -> Result<(), JsValue> {
        let hear = self.hearer();
        let told = move |_| hear(Event::NotificationsAnswered(attention::permission()));
        self.answer.set(Some(Answer::to(&attention::ask()?, told)));
        Ok(())
    }

    /// Copies the message with this index.
    fn copy(&self, index: usize) -> Result<(), JsValue> {
        let (state, view) = &*self.page.borrow();
        let language = state.preferences.language;
        let words = view.words(index).ok_or("no such message")?;
        match clipboard::copy(words) {
            Ok(promise) => {
                let told = move |copied: Option<_>| view::say_copied(copied.is_some(), language);
                self.answer.set(Some(Answer::to(&promise, told)));
                Ok(())
            }
            Err(_) => {
                view::say_copied(false, language);
                Ok(())
            }
        }
    }
}

/// Calls the person, who is looking elsewhere.
fn call(state: &State) -> Result<(), JsValue> {
    if state.notifications == Permission::Granted {
        attention::notify(panel::talk_headline(state).in_language(state.preferences.language));
    }
    attention::vibrate();
    if state.preferences.sound { attention::ring() } else { Ok(()) }
}
