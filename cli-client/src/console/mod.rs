//! Where the user types and reads.

mod above;
mod bytes;
mod lines;
mod piped;
mod raw;
mod screen;
mod terminal;

use std::borrow::Cow;
use std::future::Future;
use std::io;

pub(crate) use bytes::{BytesIn, BytesOut};
pub(crate) use lines::LineError;
pub(crate) use piped::Piped;
pub(crate) use raw::{Keys, RawTerminal};
pub(crate) use screen::Screen;
pub(crate) use terminal::Terminal;

use crate::texts;

/// The user's end of the conversation.
pub(crate) trait Console {
    /// Asks for a message, unless the question already stands there.
    fn prompt(&mut self) -> impl Future<Output = io::Result<()>>;

    /// What the user does about the prompt; dropped before its end, nothing is lost.
    fn entry(&mut self) -> impl Future<Output = Entry>;

    /// Shows one line, above the prompt if there is one; dropped before its end, it may still be shown.
    fn say(&mut self, line: Line<'_>) -> impl Future<Output = io::Result<()>>;

    /// Leaves the line on which the user interrupted.
    fn interrupted(&mut self) -> impl Future<Output = io::Result<()>>;

    /// Takes back a prompt that will not be answered.
    fn end_prompt(&mut self) -> impl Future<Output = io::Result<()>>;
}

/// What is said to the user.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Line<'a> {
    /// What the server said.
    Reply(&'a str),
    /// What goes well, and could go without saying.
    Note(&'a str),
    /// What does not, or soon will not.
    Alert(&'a str),
}

impl Line<'_> {
    /// The words.
    pub(crate) fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Reply(text) => texts::reply(text).into(),
            Self::Note(text) | Self::Alert(text) => (*text).into(),
        }
    }
}

/// What the user did.
#[derive(Debug)]
pub(crate) enum Entry {
    /// Typed a line, here without its newline.
    Line(String),
    /// Typed what cannot be a message.
    Unusable(LineError),
    /// Ended the input: Ctrl-D, or the end of a file.
    End,
}
