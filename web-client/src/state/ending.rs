//! Why a connection ended, and whether trying again makes sense.

use vez_protocol::{ByeReason, CloseCode};

/// What ended a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// We asked to leave, and the server said goodbye.
    Farewell,
    /// We left the queue.
    LeftQueue,
    /// The server is going away.
    Shutdown,
    /// The server starts anew.
    Restart,
    /// Nobody more can wait.
    QueueFull,
    /// We said nothing for too long.
    IdleLimit,
    /// The turn took too long.
    TurnLimit,
    /// A message was too long.
    TooBig,
    /// The server refuses us.
    Refused,
    /// The server failed, or did not understand.
    Error,
    /// The network was lost.
    Network,
    /// There was no connection to begin with.
    Unreachable,
}

impl Ending {
    /// What the server's last word and the close code (RFC 6455 §7.4.1) say together; the word is the finer one.
    ///
    /// `opened` tells whether the connection ever stood.
    pub(crate) fn of(bye: Option<ByeReason>, code: u16, opened: bool) -> Self {
        let code = CloseCode::from_u16(code);
        match bye {
            Some(ByeReason::Shutdown) if code == Some(CloseCode::Restart) => Self::Restart,
            Some(reason) => Self::of_bye(reason).unwrap_or_else(|| Self::of_code(code, opened)),
            None => Self::of_code(code, opened),
        }
    }

    fn of_bye(reason: ByeReason) -> Option<Self> {
        Some(match reason {
            ByeReason::Farewell => Self::Farewell,
            ByeReason::Shutdown => Self::Shutdown,
            ByeReason::QueueFull => Self::QueueFull,
            ByeReason::IdleLimit => Self::IdleLimit,
            ByeReason::TurnLimit => Self::TurnLimit,
            ByeReason::TooBig => Self::TooBig,
            ByeReason::NotText | ByeReason::Error => Self::Error,
            // The close code says as much.
            ByeReason::Ended
            | ByeReason::PerAddress
            | ByeReason::Lost
            | ByeReason::Unavailable
            | ByeReason::Unknown => return None,
        })
    }

    fn of_code(code: Option<CloseCode>, opened: bool) -> Self {
        match code {
            Some(CloseCode::Normal) => Self::Farewell,
            Some(CloseCode::GoingAway) => Self::Shutdown,
            Some(CloseCode::Restart) => Self::Restart,
            Some(CloseCode::TryAgainLater) => Self::QueueFull,
            Some(CloseCode::TooBig) => Self::TooBig,
            Some(CloseCode::Policy) => Self::Refused,
            // What the page itself did wrong, or the server.
            Some(_) => Self::Error,
            None if opened => Self::Network,
            None => Self::Unreachable,
        }
    }

    /// The first back-off in milliseconds where connecting again by itself makes sense.
    pub(crate) fn backoff(self) -> Option<u64> {
        match self {
            Self::Network | Self::Unreachable | Self::Restart | Self::Shutdown => Some(1_000),
            Self::QueueFull => Some(4_000),
            Self::Farewell | Self::LeftQueue | Self::IdleLimit | Self::TurnLimit => None,
            Self::TooBig | Self::Refused | Self::Error => None,
        }
    }

    /// Whether it is what the person wanted.
    pub(crate) fn is_wanted(self) -> bool {
        matches!(self, Self::Farewell | Self::LeftQueue)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use vez_protocol::ByeReason;

    use super::Ending;

    #[rstest]
    #[case(1000, Ending::Farewell)]
    #[case(1001, Ending::Shutdown)]
    #[case(1002, Ending::Error)]
    #[case(1003, Ending::Error)]
    #[case(1006, Ending::Network)]
    #[case(1007, Ending::Error)]
    #[case(1008, Ending::Refused)]
    #[case(1009, Ending::TooBig)]
    #[case(1011, Ending::Error)]
    #[case(1012, Ending::Restart)]
    #[case(1013, Ending::QueueFull)]
    fn every_close_code_has_its_meaning(#[case] code: u16, #[case] ending: Ending) {
        assert_eq!(Ending::of(None, code, true), ending);
        assert_eq!(Ending::of(Some(ByeReason::Unknown), code, true), ending);
    }

    #[rstest]
    #[case(ByeReason::Farewell, 1000, Ending::Farewell)]
    #[case(ByeReason::Shutdown, 1001, Ending::Shutdown)]
    #[case(ByeReason::Shutdown, 1012, Ending::Restart)]
    #[case(ByeReason::QueueFull, 1013, Ending::QueueFull)]
    #[case(ByeReason::IdleLimit, 1008, Ending::IdleLimit)]
    #[case(ByeReason::TurnLimit, 1008, Ending::TurnLimit)]
    #[case(ByeReason::TooBig, 1009, Ending::TooBig)]
    #[case(ByeReason::NotText, 1007, Ending::Error)]
    #[case(ByeReason::Error, 1011, Ending::Error)]
    #[case(ByeReason::Farewell, 1006, Ending::Farewell)]
    fn the_last_word_is_finer_than_the_code(
        #[case] bye: ByeReason,
        #[case] code: u16,
        #[case] ending: Ending,
    ) {
        assert_eq!(Ending::of(Some(bye), code, true), ending);
    }

    #[test]
    fn a_connection_that_never_stood_was_unreachable() {
        assert_eq!(Ending::of(None, 1006, false), Ending::Unreachable);
    }

    #[rstest]
    #[case::network(1006, true)]
    #[case::going_away(1001, true)]
    #[case::restart(1012, true)]
    #[case::queue_full(1013, true)]
    #[case::farewell(1000, false)]
    #[case::policy(1008, false)]
    #[case::too_big(1009, false)]
    #[case::error(1011, false)]
    fn only_what_may_pass_is_tried_again(#[case] code: u16, #[case] again: bool) {
        assert_eq!(Ending::of(None, code, true).backoff().is_some(), again);
    }
}
