//! The state's transitions, as people and networks cause them.

mod connecting;
mod ending;
mod seat;
mod streaming;
mod talking;
mod terminal;
mod waiting;

use vez_protocol::{ClientEvent, ServerEvent, TurnKind};

use super::{
    Beginning, Delivery, Effect, Entry, Event, Moment, Permission, Phase, Place, Preferences, Speaker, State,
};
use crate::locale::Language;

/// When the tests begin, in milliseconds since the epoch.
const START: u64 = 1_000_000;

/// A state with a clock, a list of everything that it asked for, and the chance that it gets.
struct Page {
    state: State,
    now: u64,
    chance: f64,
    /// The effects since they were last looked at.
    effects: Vec<Effect>,
}

impl Page {
    fn new() -> Self {
        Self::with(|_| {})
    }

    fn with(change: impl FnOnce(&mut Beginning)) -> Self {
        let mut beginning = Beginning {
            seat: None,
            first: 0,
            entries: Vec::new(),
            stream: None,
            is_copy: false,
            draft: String::new(),
            preferences: Preferences { language: Language::Portuguese, sound: true },
            notifications: Permission::Askable,
            is_online: true,
            is_visible: true,
        };
        change(&mut beginning);
        Self { state: State::new(beginning), now: START, chance: 0.5, effects: Vec::new() }
    }

    /// A page that has opened its socket.
    fn open() -> Self {
        let mut page = Self::new();
        page.on(Event::Started);
        page.on(Event::Opened);
        page.seen();
        page
    }

    fn waiting(position: usize) -> Self {
        let mut page = Self::open();
        page.told(waiting(position));
        page
    }

    fn talking() -> Self {
        let mut page = Self::waiting(1);
        page.told(turn(None));
        page.seen();
        page
    }

    fn on(&mut self, event: Event) {
        let moment = Moment { millis: self.now, chance: self.chance };
        self.effects.extend(self.state.update(event, moment));
    }

    fn told(&mut self, event: ServerEvent<'static>) {
        self.on(Event::Received(event));
    }

    fn write(&mut self, text: &str) {
        self.on(Event::Edited(text.into()));
        self.on(Event::Submitted);
    }

    /// Lets time pass, alarm by alarm.
    fn pass(&mut self, millis: u64) {
        let end = self.now + millis;
        while let Some(alarm) = self.state.alarm(self.now).filter(|alarm| *alarm <= end) {
            assert!(alarm >= self.now, "an alarm in the past");
            self.now = alarm;
            self.on(Event::Tick);
            assert!(self.state.alarm(alarm) != Some(alarm), "an alarm that rings for ever");
        }
        self.now = end;
    }

    /// The effects since the last look.
    fn seen(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// What was sent since the last look.
    fn sent(&mut self) -> Vec<String> {
        let sent = self.seen().into_iter().filter_map(|effect| match effect {
            Effect::Send(ClientEvent::Message { text, .. }) => Some(text.into_owned()),
            Effect::Send(ClientEvent::Ping) => Some("<ping>".into()),
            Effect::Send(ClientEvent::Stay) => Some("<stay>".into()),
            Effect::Send(ClientEvent::Leave) => Some("<leave>".into()),
            _ => None,
        });
        sent.collect()
    }

    fn entries(&self) -> Vec<(Speaker, &str)> {
        self.state.conversation.entries().iter().map(|entry| (entry.speaker, entry.text.as_str())).collect()
    }

    fn deliveries(&self) -> Vec<Delivery> {
        let mine = self.state.conversation.entries().iter().filter_map(|entry| match entry.speaker {
            Speaker::Me(delivery) => Some(delivery),
            _ => None,
        });
        mine.collect()
    }
}

fn waiting(position: usize) -> ServerEvent<'static> {
    ServerEvent::Waiting { position, ahead: None, estimate_seconds: None, holder: None, kind: TurnKind::Chat }
}

fn turn(max_message: Option<usize>) -> ServerEvent<'static> {
    ServerEvent::Turn { kind: TurnKind::Chat, max_message, newline: None }
}

fn reply(text: &'static str) -> ServerEvent<'static> {
    ServerEvent::Reply { text: text.into(), to: None }
}

fn entry(delivery: Delivery, text: &str) -> Entry {
    Entry { speaker: Speaker::Me(delivery), millis: START, text: text.into() }
}

fn place(position: usize) -> Phase {
    Phase::Waiting(Place { position, ahead: position, expected: None })
}
