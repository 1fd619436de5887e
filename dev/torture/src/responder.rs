//! What answers behind the server: all that the storm knows of its words stands here.

use clap::ValueEnum;
use vez_protocol::report::{self, Received};

/// What the server says last to one who asks to leave, whatever answers.
pub(crate) const FAREWELL: &str = report::FAREWELL;

/// What answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Responder {
    /// The report's answers.
    #[default]
    Report,
    /// The message itself.
    Echo,
}

impl Responder {
    /// The server's options that make it answer.
    pub(crate) fn server_options(self) -> &'static [&'static str] {
        match self {
            Self::Report => &["--responder=report"],
            Self::Echo => &["--responder=echo"],
        }
    }

    /// Its answer to a message that does not leave.
    pub(crate) fn answer(self, message: &str) -> String {
        match self {
            Self::Report => Received(message).to_string(),
            Self::Echo => message.to_owned(),
        }
    }

    /// Whether the transcript has all of a message, however long it is.
    pub(crate) fn is_recorded_whole(self) -> bool {
        self == Self::Report
    }

    /// The messages that leave, the plainest first; none where every message is answered.
    pub(crate) fn leave_words(self) -> &'static [&'static str] {
        match self {
            Self::Report => &[report::LEAVE, "SAIR", "Sair"],
            Self::Echo => &[],
        }
    }
}
