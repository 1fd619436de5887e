//! What answers the messages.

use vez_protocol::{Message, report};

use super::{Failure, Transport};

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
    pub(super) async fn respond(
        self,
        message: Message,
        transport: &mut impl Transport,
    ) -> Result<(), Failure> {
        match self {
            Self::Report => {
                let text = message.as_text()?;
                transport.reply(&message, report::Received(text)).await
            }
            Self::Echo => transport.echo(message).await,
        }
    }

    /// Whether a message must spell text.
    pub(super) fn needs_text(self) -> bool {
        self == Self::Report
    }

    /// Whether `sair` leaves.
    pub(super) fn understands_leave(self) -> bool {
        self == Self::Report
    }
}
