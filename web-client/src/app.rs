//! Connects the state with the page, the socket and the clock.

mod inputs;

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use vez_protocol::ClientEvent;
use wasm_bindgen::JsValue;

use crate::browser::answer::Answer;
use crate::browser::clock::{self, Alarm};
use crate::browser::listener::Listener;
use crate::browser::{attention, clipboard, document, storage, window};
use crate::locale::{Sentences, Text};
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
    /// The browser's answer to the last question.
    answer: Cell<Option<Answer>>,
    listeners: Cell<Vec<Listener>>,
}

/// Makes the page live.
pub(crate) fn start() -> Result<(), JsValue> {
    let app = App::new()?;
    app.listeners.set(inputs::listen(&app.hearer())?);
    app.handle(Event::Started);
    document()?.body().ok_or("no body")?.set_attribute("data-live", "")?;
    APP.set(Some(app));
    Ok(())
}

impl App {
    fn new() -> Result<Rc<Self>, JsValue> {
        let view = View::new()?;
        let typed = view.draft();
        let beginning = Beginning {
            entries: storage::entries(),
            draft: if typed.is_empty() { storage::draft().unwrap_or_default() } else { typed },
            preferences: storage::preferences(),
            notifications: attention::permission(),
            is_online: window()?.navigator().on_line(),
            is_visible: !document()?.hidden(),
        };
        view.show_draft(&beginning.draft);
        Ok(Rc::new_cyclic(|me| Self {
            me: me.clone(),
            page: RefCell::new((State::new(beginning), view)),
            events: Cell::default(),
            is_busy: Cell::default(),
            socket: Cell::default(),
            alarm: Cell::default(),
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
            report(self.draw(state, view));
        }
        self.is_busy.set(false);
    }

    fn draw(&self, state: &State, view: &mut View) -> Result<(), JsValue> {
        let now = clock::moment().millis;
        view.draw(state, now)?;
        let alarm = state.alarm(now).map(|at| {
            let hear = self.hearer();
            Alarm::after(at.saturating_sub(now), move || hear(Event::Tick))
        });
        self.alarm.set(alarm.transpose()?);
        Ok(())
    }

    fn perform(&self, effect: Effect, state: &State, view: &View) -> Result<(), JsValue> {
        match effect {
            Effect::Connect => self.connect()?,
            Effect::Disconnect => self.socket.set(None),
            Effect::Send(event) => self.send(&event),
            Effect::ShowDraft => view.show_draft(&state.draft),
            Effect::Focus => view.focus()?,
            Effect::Call => call(state)?,
            Effect::AskNotifications => self.ask()?,
            Effect::Copy(index) => self.copy(index, state, view)?,
            Effect::Step { from, forward } => view.step(from, forward)?,
            Effect::Download => view::download(state)?,
            Effect::KeepEntry(index) => storage::keep_entry(index, &state.conversation.entries()[index]),
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

    fn ask(&self) -> Result<(), JsValue> {
        let hear = self.hearer();
        let told = move |_| hear(Event::NotificationsAnswered(attention::permission()));
        self.answer.set(Some(Answer::to(&attention::ask()?, told)));
        Ok(())
    }

    fn copy(&self, index: usize, state: &State, view: &View) -> Result<(), JsValue> {
        let language = state.preferences.language;
        let words = view.words(index).ok_or("no such message")?;
        match clipboard::copy(words) {
            Ok(promise) => {
                let told = move |is_copied| report(view::say_copied(is_copied, language));
                self.answer.set(Some(Answer::to(&promise, told)));
                Ok(())
            }
            Err(_) => view::say_copied(false, language),
        }
    }
}

/// Says on the console what the browser refused; the page goes on without it.
fn report(result: Result<(), JsValue>) {
    if let Err(error) = result {
        web_sys::console::error_1(&error);
    }
}

/// Calls the person, who is looking elsewhere.
fn call(state: &State) -> Result<(), JsValue> {
    let words = Sentences(state.preferences.language);
    if state.notifications == Permission::Granted {
        attention::notify(words.text(Text::YourTurn), words.text(Text::YourTurnDetail));
    }
    attention::vibrate();
    if state.preferences.sound { attention::ring() } else { Ok(()) }
}
