//! Why a connection ended: the one table of what ended it, its words, and whether trying again makes sense.

use vez_protocol::{ByeReason, CloseCode};

use crate::locale::Text;

/// What ended a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// We asked to leave, and the server said goodbye.
    Farewell,
    /// We asked to leave, and the server did not answer.
    NoFarewell,
    /// We left the queue.
    LeftQueue,
    /// What answered has ended by itself.
    Ended,
    /// What should have answered cannot be reached.
    Unavailable,
    /// The server is going away.
    Shutdown,
    /// The server starts anew.
    Restart,
    /// The turn or the place was lost.
    Lost,
    /// Nobody more can wait.
    QueueFull,
    /// Nobody more from this address can wait.
    PerAddress,
    /// Nobody more with our name can wait.
    PerUser,
    /// We said nothing for too long.
    IdleLimit,
    /// The turn took too long.
    TurnLimit,
    /// A message was too long.
    TooBig,
    /// The server refuses us.
    Refused,
    /// The server is there, and refuses the handshake.
    HandshakeRefused,
    /// The conversation goes on in another connection.
    TakenOver,
    /// The server failed, or did not understand.
    Error,
    /// The network was lost.
    Network,
    /// There was no connection to begin with.
    Unreachable,
}

/// An ending with what it comes from and what the page makes of it.
struct Row {
    ending: Ending,
    /// The server's last word that means it.
    reason: Option<ByeReason>,
    /// The close code (RFC 6455 §7.4.1) that means it.
    code: Option<CloseCode>,
    /// What goes on, and more of it.
    words: (Text, Text),
    /// The first back-off in milliseconds where connecting again by itself makes sense.
    backoff: Option<u64>,
}

/// Every ending, in the order of [`Ending`]. A row for a code alone is after the one that shares the code.
#[rustfmt::skip]
static TABLE: [Row; 20] = {
    use ByeReason as R;
    use CloseCode as C;
    use Ending as E;
    use Text as T;
    const fn row(
        ending: E, reason: Option<R>, code: Option<C>, headline: T, detail: T, backoff: Option<u64>,
    ) -> Row {
        Row { ending, reason, code, words: (headline, detail), backoff }
    }
    [
        row(E::Farewell, Some(R::Farewell), Some(C::Normal), T::Farewell, T::FarewellDetail, None),
        row(E::NoFarewell, None, None, T::Farewell, T::NoFarewellDetail, None),
        row(E::LeftQueue, None, None, T::LeftQueue, T::LeftQueueDetail, None),
        row(E::Ended, Some(R::Ended), None, T::Farewell, T::EndedDetail, None),
        row(E::Unavailable, Some(R::Unavailable), Some(C::BadGateway), T::Unavailable, T::UnavailableDetail, None),
        row(E::Shutdown, Some(R::Shutdown), None, T::Shutdown, T::ShutdownDetail, Some(1_000)),
        row(E::Restart, Some(R::Shutdown), Some(C::Restart), T::Restart, T::ShutdownDetail, Some(1_000)),
        row(E::Lost, Some(R::Lost), None, T::Lost, T::NetworkDetail, Some(1_000)),
        row(E::QueueFull, Some(R::QueueFull), Some(C::TryAgainLater), T::QueueFull, T::QueueFullDetail, Some(4_000)),
        row(E::PerAddress, Some(R::PerAddress), None, T::PerAddress, T::PerAddressDetail, Some(4_000)),
        row(E::PerUser, Some(R::PerUser), None, T::PerUser, T::PerAddressDetail, Some(4_000)),
        row(E::IdleLimit, Some(R::IdleLimit), None, T::IdleLimit, T::IdleLimitDetail, None),
        row(E::TurnLimit, Some(R::TurnLimit), None, T::TurnLimit, T::TurnLimitDetail, None),
        row(E::TooBig, Some(R::TooBig), Some(C::TooBig), T::TooBig, T::TooBigDetail, None),
        row(E::Refused, None, Some(C::Policy), T::Refused, T::RefusedDetail, None),
        row(E::HandshakeRefused, None, None, T::Refused, T::HandshakeRefusedDetail, None),
        row(E::TakenOver, Some(R::TakenOver), Some(C::TakenOver), T::TakenOver, T::TakenOverDetail, None),
        row(E::Error, Some(R::Error), None, T::Error, T::ErrorDetail, None),
        row(E::Network, None, None, T::Network, T::NetworkDetail, Some(1_000)),
        row(E::Unreachable, None, None, T::Unreachable, T::UnreachableDetail, Some(1_000)),
    ]
};

impl Ending {
    /// What the server's last word and the close code say together; the word is the finer one.
    ///
    /// `opened` tells whether the connection ever stood.
    pub(crate) fn of(bye: Option<ByeReason>, code: u16, opened: bool) -> Self {
        let code = CloseCode::from_u16(code);
        let find = |is: &dyn Fn(&Row) -> bool| TABLE.iter().find(|row| is(row)).map(|row| row.ending);
        let both = find(&|row| bye.is_some() && code.is_some() && row.reason == bye && row.code == code);
        both.or_else(|| find(&|row| bye.is_some() && row.reason == bye))
            .or_else(|| find(&|row| code.is_some() && row.code == code))
            .unwrap_or(match code {
                // A server says goodbye before it; Firefox closes its own sockets so on the way to another page.
                Some(CloseCode::GoingAway) => Self::Network,
                // What the page itself did wrong, or the server.
                Some(_) => Self::Error,
                None if opened => Self::Network,
                None => Self::Unreachable,
            })
    }

    /// What goes on, and more of it.
    pub(crate) fn words(self) -> (Text, Text) {
        TABLE[self as usize].words
    }

    /// The first back-off in milliseconds where connecting again by itself makes sense.
    pub(crate) fn backoff(self) -> Option<u64> {
        TABLE[self as usize].backoff
    }

    /// Whether the server may still have the seat: nobody has said otherwise.
    pub(crate) fn keeps_seat(self) -> bool {
        matches!(self, Self::Network | Self::Unreachable | Self::TakenOver)
    }

    /// Whether it is what the person wanted.
    pub(crate) fn is_wanted(self) -> bool {
        matches!(self, Self::Farewell | Self::NoFarewell | Self::LeftQueue)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use vez_protocol::ByeReason;

    use super::{Ending, TABLE};

    #[rstest]
    #[case(1000, Ending::Farewell)]
    #[case(1001, Ending::Network)]
    #[case(1002, Ending::Error)]
    #[case(1003, Ending::Error)]
    #[case(1006, Ending::Network)]
    #[case(1007, Ending::Error)]
    #[case(1008, Ending::Refused)]
    #[case(1009, Ending::TooBig)]
    #[case(1011, Ending::Error)]
    #[case(1012, Ending::Restart)]
    #[case(1013, Ending::QueueFull)]
    #[case(1014, Ending::Unavailable)]
    #[case(4001, Ending::TakenOver)]
    fn every_close_code_has_its_meaning(#[case] code: u16, #[case] ending: Ending) {
        assert_eq!(Ending::of(None, code, true), ending);
        assert_eq!(Ending::of(Some(ByeReason::Unknown), code, true), ending);
    }

    #[rstest]
    #[case(ByeReason::Farewell, 1000, Ending::Farewell)]
    #[case(ByeReason::Shutdown, 1001, Ending::Shutdown)]
    #[case(ByeReason::Shutdown, 1012, Ending::Restart)]
    #[case(ByeReason::QueueFull, 1013, Ending::QueueFull)]
    #[case(ByeReason::PerAddress, 1013, Ending::PerAddress)]
    #[case(ByeReason::PerAddress, 1008, Ending::PerAddress)]
    #[case(ByeReason::PerUser, 1013, Ending::PerUser)]
    #[case(ByeReason::Ended, 1000, Ending::Ended)]
    #[case(ByeReason::Lost, 1012, Ending::Lost)]
    #[case(ByeReason::TakenOver, 4001, Ending::TakenOver)]
    #[case(ByeReason::Unavailable, 1014, Ending::Unavailable)]
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
    fn the_table_is_in_the_order_of_the_endings() {
        for (index, row) in TABLE.iter().enumerate() {
            assert_eq!(row.ending as usize, index, "{:?}", row.ending);
        }
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
