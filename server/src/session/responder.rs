//! What answers the messages.

use vez_protocol::{Message, report};

use super::{Failure, Transport};

/// How much of a message to the echo the transcript shows: some lines of a terminal.
const ECHO_RECORDED: usize = 256;

/// Who answers the messages of a conversation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Responder {
    /// The report's server: says what it received, and bids farewell.
    #[default]
    Report,
    /// Answers every message with itself, `sair` included.
    Echo,
}

impl Responder {
    /// Answers `message` over `transport`: any number of times, or not at all.
    pub(super) async fn respond<T: Transport>(
        self,
        message: Message<T::Text>,
        transport: &mut T,
    ) -> Result<(), Failure> {
        match self {
            Self::Report => {
                let text = message.as_text()?;
                transport.reply(&message, &report::Received(text).parts()).await
            }
            Self::Echo => transport.echo(message).await,
        }
    }

    /// Whether a message must spell text.
    pub(super) fn needs_text(self) -> bool {
        self == Self::Report
    }

    /// How many bytes of a message the transcript shows, at the most.
    ///
    /// The report shows all. An echo is there to try tools with, and what these send may be long: its beginning
    /// tells it from others.
    pub(super) fn recorded(self) -> usize {
        match self {
            Self::Report => usize::MAX,
            Self::Echo => ECHO_RECORDED,
        }
    }

    /// Whether `sair` leaves.
    pub(super) fn understands_leave(self) -> bool {
        self == Self::Report
    }
}
