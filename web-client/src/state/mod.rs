//! What the page knows and how that changes: events in, state and effects out. Knows no browser.

mod connection;
mod conversation;
mod ending;
mod event;
mod link;
mod person;
mod phase;
mod record;
mod resumption;
mod seat;
mod stream;
mod terminal;
#[cfg(test)]
mod tests;

pub(crate) use conversation::{Conversation, Delivery, Entry, Note, Speaker};
pub(crate) use ending::Ending;
pub(crate) use event::{Effect, Event, Moment, Permission};
pub(crate) use phase::{Phase, Place, Retry, Talk, Warning, seconds_until};
pub(crate) use seat::Seat;
pub(crate) use stream::{KEPT, Stream};

use crate::locale::Language;
use link::Link;

/// Longest message in bytes of UTF-8 until the server says with the turn.
pub(crate) const LIMIT: usize = vez_protocol::limits::MAX_MESSAGE;

/// Everything that the page shows.
#[derive(Debug)]
pub(crate) struct State {
    /// What goes on.
    pub(crate) phase: Phase,
    /// Our seat, where the server keeps it.
    pub(crate) seat: Option<Seat>,
    /// Our name, where the server asks for names.
    pub(crate) user: Option<String>,
    /// The name of who had the turn when we last heard of our place, where the server asks for names.
    pub(crate) holder: Option<String>,
    /// What was said.
    pub(crate) conversation: Conversation,
    /// What came in this turn or the last, if it was a stream.
    pub(crate) stream: Option<Stream>,
    /// Columns and rows of the terminal, once there was one.
    window: Option<(u16, u16)>,
    /// What is in the field.
    pub(crate) draft: String,
    /// Whether the person tried to send a draft without words.
    pub(crate) is_empty_refused: bool,
    /// What the person prefers.
    pub(crate) preferences: Preferences,
    /// Whether the browser lets the page notify.
    pub(crate) notifications: Permission,
    /// Longest message in bytes of UTF-8 that the server takes.
    pub(crate) limit: usize,
    /// Whether the browser believes that there is a network: a hint, for words alone.
    pub(crate) is_online: bool,
    /// Whether the page is in sight.
    pub(crate) is_visible: bool,
    link: Link,
    /// What the event at hand asks for.
    effects: Vec<Effect>,
}

/// What the person prefers, kept for the next visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Preferences {
    /// The page's language.
    pub(crate) language: Language,
    /// Whether a sound calls.
    pub(crate) sound: bool,
}

/// What is known when the page starts.
#[derive(Debug)]
pub(crate) struct Beginning {
    /// The seat from before a reload.
    pub(crate) seat: Option<Seat>,
    /// The number of the first entry that was said before a reload and is kept.
    pub(crate) first: usize,
    /// What was said before a reload, from that entry on.
    pub(crate) entries: Vec<Entry>,
    /// What came in a stream before a reload.
    pub(crate) stream: Option<String>,
    /// Whether another tab has them too, of which this one is a copy.
    pub(crate) is_copy: bool,
    /// What is in the field.
    pub(crate) draft: String,
    /// What the person prefers.
    pub(crate) preferences: Preferences,
    /// Whether the browser lets the page notify.
    pub(crate) notifications: Permission,
    /// Whether there is a network.
    pub(crate) is_online: bool,
    /// Whether the page is in sight.
    pub(crate) is_visible: bool,
}

impl State {
    /// The state before the first event.
    pub(crate) fn new(beginning: Beginning) -> Self {
        let is_seat = beginning.seat.is_some();
        Self {
            // Of two tabs with one seat, the person chooses.
            phase: if beginning.is_copy && is_seat {
                Phase::Ended(Ending::TakenOver)
            } else {
                Phase::Connecting
            },
            seat: beginning.seat,
            user: None,
            holder: None,
            conversation: Conversation::restore(
                beginning.first,
                beginning.entries,
                is_seat,
                beginning.is_copy,
            ),
            stream: beginning.stream.as_deref().map(Stream::restore),
            window: None,
            draft: beginning.draft,
            is_empty_refused: false,
            preferences: beginning.preferences,
            notifications: beginning.notifications,
            limit: LIMIT,
            is_online: beginning.is_online,
            is_visible: beginning.is_visible,
            link: Link::default(),
            effects: Vec::new(),
        }
    }

    /// Takes an event in and answers what is to be done, in order.
    pub(crate) fn update(&mut self, event: Event, moment: Moment) -> Vec<Effect> {
        let now = moment.millis;
        match event {
            Event::Started | Event::PageReturned => self.started(now),
            Event::Opened => self.link.opened(now),
            Event::Received(event) => self.received(event, now),
            Event::Streamed(bytes) => self.streamed(&bytes, now),
            Event::Closed(code) => self.closed(code, moment),
            Event::Reachable => self.reachable(moment),
            Event::Tick => self.tick(moment),
            Event::Online => self.online(now),
            Event::Offline => self.offline(now),
            Event::Shown => self.shown(now),
            Event::Hidden => self.hidden(),
            Event::PageLeft => self.page_left(now),
            Event::Edited(draft) => self.edited(draft),
            Event::Submitted => self.submitted(now),
            Event::Typed(bytes) => self.send_bytes(bytes),
            Event::Resized(cols, rows) => self.resized(cols, rows),
            Event::TerminalFailed => self.terminal_failed(),
            Event::StayAsked => self.stay(),
            Event::ClearAsked => self.clear(),
            Event::LeaveAsked => self.leave(now),
            Event::ReconnectAsked => self.reconnect(now),
            Event::LanguageSwitched => self.switch_language(),
            Event::SoundSwitched => self.switch_sound(),
            Event::NotificationsAnswered(permission) => self.notifications = permission,
        }
        std::mem::take(&mut self.effects)
    }

    fn ask(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    /// When the next [`Event::Tick`] is due, in milliseconds since the epoch.
    pub(crate) fn alarm(&self, now: u64) -> Option<u64> {
        match self.phase {
            Phase::Talking(Talk { leaving: Some(deadline), .. }) => Some(self.link.alarm().min(deadline)),
            Phase::Connecting | Phase::Talking(Talk { warning: None, .. }) => Some(self.link.alarm()),
            Phase::Talking(Talk { warning: Some(warning), .. }) => {
                Some(self.link.alarm().min(next_second(warning.deadline, now)))
            }
            Phase::Waiting(Place { expected: Some(_), .. }) => Some(self.link.alarm().min(now + 10_000)),
            Phase::Waiting(_) => Some(self.link.alarm()),
            Phase::Retrying(Retry { at, .. }) => Some(next_second(at, now).min(at.max(now))),
            Phase::Ended(_) | Phase::Asleep => None,
        }
    }

    /// How many more bytes the draft may have; negative when it has too many.
    pub(crate) fn room(&self) -> isize {
        let bytes = self.streaming().map_or(self.draft.len(), |stream| stream.line(&self.draft).len());
        self.limit as isize - bytes as isize
    }

    /// The stream, while it is our turn and one.
    pub(crate) fn streaming(&self) -> Option<&Stream> {
        self.stream.as_ref().filter(|_| self.phase.talk().is_some())
    }

    /// The stream, where it is what there is to see: not while we wait again, perhaps with messages for the turn.
    pub(crate) fn stream_in_sight(&self) -> Option<&Stream> {
        let is_waiting = matches!(self.phase, Phase::Waiting(_));
        self.stream.as_ref().filter(|_| !is_waiting && self.conversation.oldest(Delivery::Waiting).is_none())
    }

    /// Whether what there is to see is a terminal.
    pub(crate) fn is_terminal_in_sight(&self) -> bool {
        self.stream_in_sight().is_some_and(|stream| stream.is_terminal)
    }

    /// Whether a draft could be sent, at once or with the turn.
    pub(crate) fn can_submit(&self) -> bool {
        self.room() >= 0 && !self.is_leaving() && !matches!(self.phase, Phase::Ended(_) | Phase::Asleep)
    }

    /// Whether the conversation only waits for its farewell.
    pub(crate) fn is_leaving(&self) -> bool {
        self.phase.talk().is_some_and(|talk| talk.leaving.is_some())
    }
}

/// When a countdown to `deadline` next shows another number.
fn next_second(deadline: u64, now: u64) -> u64 {
    match deadline.saturating_sub(now) {
        0 => now + 1000,
        left => now + (left - 1) % 1000 + 1,
    }
}
