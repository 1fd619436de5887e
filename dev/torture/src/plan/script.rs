//! A polite conversation.

use fastrand::Rng;

use super::Way;
use super::choice::pick;
use crate::responder::Responder;

/// What a polite client says, and how.
#[derive(Clone, Debug)]
pub(crate) struct Script {
    pub(crate) way: Way,
    /// What it says, a word that leaves excepted.
    pub(crate) messages: Vec<String>,
    /// How many messages may wait for their answer at a time; 1 chats.
    pub(crate) window: usize,
    /// Whether it says nothing before it is told of its turn.
    pub(crate) awaits_turn: bool,
    /// Whether it sends everything at the beginning, byte by byte.
    pub(crate) drips: bool,
    /// What ends a line, where lines are spoken.
    pub(crate) newline: &'static str,
    pub(crate) end: End,
}

/// How a polite conversation ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum End {
    /// With a message that leaves.
    Farewell(&'static str),
    /// With the event that leaves, once everything is answered.
    Leave,
    /// The sending side is closed as soon as everything is said: `printf … | nc -N`.
    HalfClose,
    /// The connection is closed once everything is answered.
    Close,
}

/// Text of every width in UTF-8, and what JSON, lines or a careless reader could stumble over.
const WORDS: [&str; 8] =
    ["olá", "日本語", "🎉", "'aspas'", "{\"type\":\"turn\"}", "sair ", "\\n", "e\u{301}"];

/// The longest message, in bytes; the limit is 64 KiB, JSON's syntax and escapes included.
const LONG: usize = 40_000;

impl Script {
    /// Draws what the client with this number says.
    pub(super) fn draw(number: u64, way: Way, responder: Responder, rng: &mut Rng) -> Self {
        let drips = way != Way::Unframed && rng.u32(..10) == 0;
        let count = if drips { 2 } else { pick(rng, &[(8, 1), (8, 2), (8, 3), (4, 5), (1, 400)]) };
        let floods = count > 10;
        let window = match way {
            Way::Unframed => 1,
            _ if floods || drips => 32,
            _ => pick(rng, &[(1, 1), (1, 2), (1, 8)]),
        };
        let long = window == 1 && way != Way::Unframed && rng.u32(..8) == 0 && responder.is_recorded_whole();
        let mut messages: Vec<_> = (0..count).map(|index| message(number, index, long, rng)).collect();
        if drips && way == Way::Lines {
            // Without framing each byte would be a message: an empty line, of one byte, makes it lines.
            messages[0].clear();
        }
        Self {
            way,
            messages,
            window,
            awaits_turn: way == Way::Events && !drips && rng.bool(),
            drips,
            newline: if drips || rng.bool() { "\n" } else { "\r\n" },
            end: End::draw(way, responder, rng),
        }
    }

    /// Everything that is said, in order.
    pub(crate) fn said(&self) -> impl Iterator<Item = &str> {
        let farewell = match self.end {
            End::Farewell(leave) => Some(leave),
            End::Leave | End::HalfClose | End::Close => None,
        };
        self.messages.iter().map(String::as_str).chain(farewell)
    }

    /// What ends the message at `index` on the wire, and its answer.
    ///
    /// The last one before the end of input needs no newline.
    pub(crate) fn newline(&self, index: usize) -> &'static str {
        let is_last = index + 1 == self.messages.len() && self.end == End::HalfClose;
        let is_line = self.way == Way::Lines && !(is_last && index > 0);
        if is_line { self.newline } else { "" }
    }
}

impl End {
    fn draw(way: Way, responder: Responder, rng: &mut Rng) -> Self {
        if way == Way::Events && rng.u32(..4) == 0 {
            return Self::Leave;
        }
        match rng.u32(..11) {
            0..6 => rng.choice(responder.leave_words()).map_or(Self::HalfClose, |word| Self::Farewell(word)),
            6..9 => Self::HalfClose,
            _ => Self::Close,
        }
    }
}

/// A text that nobody else says. The first is short: before its newline, raw TCP has no framing yet.
fn message(number: u64, index: usize, long: bool, rng: &mut Rng) -> String {
    let word = rng.choice(WORDS).unwrap_or_default();
    let mut text = format!("c{number} m{index} {word}");
    if long && index > 0 {
        let room = rng.usize(1000..LONG);
        text.push_str(&word.repeat(room / word.len()));
    }
    text
}
