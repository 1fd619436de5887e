//! The WebSocket close codes that Vez sends, and those that a client may meet.

/// A status code of a Close frame (RFC 6455 §7.4.1).
///
/// 1005, 1006 and 1015 are absent: they only stand for what happened and never travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u16)]
pub enum CloseCode {
    /// The conversation ended with its farewell.
    Normal = 1000,
    /// The server is going away.
    GoingAway = 1001,
    /// The peer broke the WebSocket protocol.
    Protocol = 1002,
    /// A kind of data that cannot be accepted.
    Unsupported = 1003,
    /// What should be text, or an event, is not.
    InvalidData = 1007,
    /// A rule was broken: the origin after the upgrade, or a time limit.
    Policy = 1008,
    /// A message over the size limit.
    TooBig = 1009,
    /// The server failed.
    Internal = 1011,
    /// The turn, or the place, was lost; connecting again makes sense (IANA registry).
    Restart = 1012,
    /// The queue is full; try again later (IANA registry).
    TryAgainLater = 1013,
    /// What should have answered cannot be reached, or failed (IANA registry).
    BadGateway = 1014,
    /// Another connection took the same seat over (private use, RFC 6455 §7.4.2).
    TakenOver = 4001,
}

impl CloseCode {
    /// Every code, in order.
    pub const ALL: [Self; 12] = [
        Self::Normal,
        Self::GoingAway,
        Self::Protocol,
        Self::Unsupported,
        Self::InvalidData,
        Self::Policy,
        Self::TooBig,
        Self::Internal,
        Self::Restart,
        Self::TryAgainLater,
        Self::BadGateway,
        Self::TakenOver,
    ];

    /// The code that `number` stands for, if Vez knows it.
    pub fn from_u16(number: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|code| *code as u16 == number)
    }
}

impl From<CloseCode> for u16 {
    fn from(code: CloseCode) -> Self {
        code as Self
    }
}

#[cfg(test)]
mod tests {
    use super::CloseCode;

    #[test]
    fn every_code_is_found_by_its_number() {
        for code in CloseCode::ALL {
            assert_eq!(CloseCode::from_u16(code.into()), Some(code));
        }
    }

    #[test]
    fn codes_that_never_travel_are_unknown() {
        for number in [0, 999, 1005, 1006, 1015, 4000] {
            assert_eq!(CloseCode::from_u16(number), None);
        }
    }
}
