//! What the panel above the conversation says of a state.

use crate::locale::{Sentences, Text, fill, size, time};
use crate::state::{Ending, LIMIT, Phase, Place, Retry, State, Talk, Warning, seconds_until};

/// The panel's words and what it offers.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Panel {
    /// What goes on, in a few words; also the page's title.
    pub(crate) headline: String,
    /// More of it.
    pub(crate) detail: String,
    /// A countdown, which must not be read out every second.
    pub(crate) countdown: String,
    /// Whether connecting is offered.
    pub(crate) offers_connecting: bool,
    /// Whether staying is offered.
    pub(crate) offers_staying: bool,
}

impl Panel {
    /// The panel of a state at a time in milliseconds since the epoch.
    pub(crate) fn of(state: &State, now: u64) -> Self {
        let words = Sentences(state.preferences.language);
        match state.phase {
            Phase::Connecting | Phase::Asleep => Self::saying(words, Text::Connecting, String::new()),
            Phase::Waiting(place) => waiting(words, place, now),
            Phase::Talking(talk) => talking(words, talk, now),
            Phase::Retrying(retry) => retrying(words, retry, now),
            Phase::Ended(ending) => Self { offers_connecting: true, ..ended(words, ending) },
        }
    }

    fn saying(words: Sentences, headline: Text, detail: String) -> Self {
        Self { headline: words.text(headline).into(), detail, ..Self::default() }
    }
}

fn waiting(words: Sentences, place: Place, now: u64) -> Panel {
    let mut detail = words.ahead(place.ahead);
    if let Some(expected) = place.expected {
        detail.push(' ');
        detail.push_str(&words.estimate(seconds_until(expected, now)));
    }
    Panel { headline: words.place(place.position), detail, ..Panel::default() }
}

fn talking(words: Sentences, talk: Talk, now: u64) -> Panel {
    let headline = if talk.leaving { Text::Leaving } else { Text::YourTurn };
    let panel = Panel::saying(words, headline, words.text(Text::YourTurnDetail).into());
    match talk.warning {
        Some(warning) => Panel {
            detail: String::new(),
            countdown: threat(words, warning, now),
            offers_staying: warning.can_stay(),
            ..panel
        },
        None => panel,
    }
}

fn threat(words: Sentences, warning: Warning, now: u64) -> String {
    let text = if warning.can_stay() { Text::IdleWarning } else { Text::TurnWarning };
    words.with(text, "time", &time(seconds_until(warning.deadline, now)))
}

fn retrying(words: Sentences, retry: Retry, now: u64) -> Panel {
    let panel = match retry.at {
        Some(at) => Panel {
            countdown: words.with(Text::RetryIn, "time", &time(seconds_until(at, now))),
            ..ended(words, retry.ending)
        },
        None => Panel::saying(words, Text::Offline, words.text(Text::OfflineDetail).into()),
    };
    Panel { offers_connecting: true, ..panel }
}

fn ended(words: Sentences, ending: Ending) -> Panel {
    let (headline, detail) = match ending {
        Ending::Farewell => (Text::Farewell, Text::FarewellDetail),
        Ending::LeftQueue => (Text::LeftQueue, Text::LeftQueueDetail),
        Ending::Shutdown => (Text::Shutdown, Text::ShutdownDetail),
        Ending::Restart => (Text::Restart, Text::ShutdownDetail),
        Ending::QueueFull => (Text::QueueFull, Text::QueueFullDetail),
        Ending::IdleLimit => (Text::IdleLimit, Text::IdleLimitDetail),
        Ending::TurnLimit => (Text::TurnLimit, Text::TurnLimitDetail),
        Ending::TooBig => (Text::TooBig, Text::TooBigDetail),
        Ending::Refused => (Text::Refused, Text::RefusedDetail),
        Ending::Error => (Text::Error, Text::ErrorDetail),
        Ending::Network => (Text::Network, Text::NetworkDetail),
        Ending::Unreachable => (Text::Unreachable, Text::UnreachableDetail),
    };
    Panel::saying(words, headline, fill(words.text(detail), &[("limit", &size(LIMIT))]))
}

/// What stands under the field: how to write, or what is wrong with the draft.
pub(crate) fn hint(state: &State) -> (String, bool) {
    /// How much room is little enough to be told, in bytes.
    const TIGHT: isize = LIMIT as isize / 5;
    let words = Sentences(state.preferences.language);
    match state.room() {
        room if room < 0 => {
            let values = [("bytes", size(room.unsigned_abs())), ("limit", size(LIMIT))];
            let values = values.each_ref().map(|(name, value)| (*name, value.as_str()));
            (fill(words.text(Text::RoomExceeded), &values), true)
        }
        room if room < TIGHT => (words.with(Text::RoomLeft, "bytes", &size(room.unsigned_abs())), false),
        _ if state.is_empty_refused => (words.text(Text::EmptyRefused).into(), true),
        _ => match state.phase {
            Phase::Waiting(_) => (words.text(Text::WriteAhead).into(), false),
            _ => (words.text(Text::FieldHint).into(), false),
        },
    }
}
