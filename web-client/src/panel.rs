//! What the panel above the conversation says of a state.

use crate::locale::{Sentences, Text, fill, size, time};
use crate::state::{Ending, Phase, Place, Retry, State, Talk, Warning, seconds_until};

/// The panel's words and what it offers.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Panel {
    /// What goes on, in a few words; also the page's title.
    pub(crate) headline: String,
    /// More of it.
    pub(crate) detail: String,
    /// A countdown, which must not be read out every second.
    pub(crate) countdown: String,
    /// How connecting is called where it is offered.
    pub(crate) connecting: Option<&'static str>,
    /// Whether staying is offered.
    pub(crate) offers_staying: bool,
}

impl Panel {
    /// The panel of a state at a time in milliseconds since the epoch.
    pub(crate) fn of(state: &State, now: u64) -> Self {
        let words = Sentences(state.preferences.language);
        match state.phase {
            Phase::Connecting | Phase::Asleep => Self::saying(words, Text::Connecting, String::new()),
            Phase::Waiting(place) => waiting(state, words, place, now),
            Phase::Talking(talk) => talking(state, words, talk, now),
            Phase::Retrying(retry) => retrying(state, words, retry, now),
            Phase::Ended(ending) => {
                let name = if ending == Ending::TakenOver { Text::ContinueHere } else { Text::ConnectNow };
                Self { connecting: Some(words.text(name)), ..ended(state, words, ending) }
            }
        }
    }

    fn saying(words: Sentences, headline: Text, detail: String) -> Self {
        Self { headline: words.text(headline).into(), detail, ..Self::default() }
    }
}

fn waiting(state: &State, words: Sentences, place: Place, now: u64) -> Panel {
    let mut detail = words.ahead(place.ahead);
    if let Some(holder) = &state.holder {
        detail.push(' ');
        detail.push_str(&words.with(Text::Holder, "name", holder));
    }
    if let Some(expected) = place.expected {
        detail.push(' ');
        detail.push_str(&words.estimate(seconds_until(expected, now)));
    }
    Panel { headline: words.place(place.position), detail, ..Panel::default() }
}

fn talking(state: &State, words: Sentences, talk: Talk, now: u64) -> Panel {
    let headline = talk_headline(state);
    match talk.warning {
        None => Panel::saying(words, headline, words.text(Text::YourTurnDetail).into()),
        Some(warning) => Panel {
            countdown: warning_text(words, warning, now),
            offers_staying: warning.can_stay(),
            ..Panel::saying(words, headline, String::new())
        },
    }
}

/// What goes on while it is our turn.
pub(crate) fn talk_headline(state: &State) -> Text {
    match state.phase {
        Phase::Talking(Talk { warning: Some(warning), .. }) if warning.can_stay() => Text::StillThere,
        Phase::Talking(Talk { warning: Some(_), .. }) => Text::TurnEnds,
        Phase::Talking(Talk { leaving: Some(_), .. }) => Text::Leaving,
        _ => Text::YourTurn,
    }
}

/// What ends the turn, and when.
pub(crate) fn warning_text(words: Sentences, warning: Warning, now: u64) -> String {
    let text = if warning.can_stay() { Text::IdleWarning } else { Text::TurnWarning };
    words.with(text, "time", &time(seconds_until(warning.deadline, now)))
}

fn retrying(state: &State, words: Sentences, retry: Retry, now: u64) -> Panel {
    let is_offline = !state.is_online && matches!(retry.ending, Ending::Network | Ending::Unreachable);
    let panel = if is_offline {
        Panel::saying(words, Text::Offline, words.text(Text::OfflineDetail).into())
    } else {
        ended(state, words, retry.ending)
    };
    let countdown = words.with(Text::RetryIn, "time", &time(seconds_until(retry.at, now)));
    Panel { countdown, connecting: Some(words.text(Text::ConnectNow)), ..panel }
}

fn ended(state: &State, words: Sentences, ending: Ending) -> Panel {
    let (headline, detail) = match ending {
        Ending::Network if state.seat.is_some() => (Text::Network, Text::KeptDetail),
        ending => ending.words(),
    };
    Panel::saying(words, headline, words.with(detail, "limit", &size(state.limit)))
}

/// What stands under the field: how to write, or what is wrong with the draft.
pub(crate) fn hint(state: &State) -> (String, bool) {
    // How much room is little enough to be told, in bytes.
    let tight = state.limit as isize / 5;
    let words = Sentences(state.preferences.language);
    match state.room() {
        room if room < 0 => {
            let values = [("bytes", size(room.unsigned_abs())), ("limit", size(state.limit))];
            let values = values.each_ref().map(|(name, value)| (*name, value.as_str()));
            (fill(words.text(Text::RoomExceeded), &values), true)
        }
        room if room < tight => (words.with(Text::RoomLeft, "bytes", &size(room.unsigned_abs())), false),
        _ if state.is_empty_refused => (words.text(Text::EmptyRefused).into(), true),
        _ => match state.phase {
            Phase::Waiting(_) => (words.text(Text::WriteAhead).into(), false),
            _ if state.streaming().is_some() => (words.text(Text::StreamHint).into(), false),
            _ => (words.text(Text::FieldHint).into(), false),
        },
    }
}
