//! Where the page stands between opening and the end of a conversation.

use vez_protocol::ByeReason;

use super::ending::Ending;

/// What goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// A socket is being opened, or the server has not said yet where we stand.
    Connecting,
    /// In the queue.
    Waiting(Place),
    /// It is our turn.
    Talking(Talk),
    /// Not connected, and going to connect again.
    Retrying(Retry),
    /// Not connected, and staying so until somebody asks.
    Ended(Ending),
    /// In the back-forward cache.
    Asleep,
}

/// A place in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// 1 is next in line.
    pub(crate) position: usize,
    /// How many leave before our turn comes, the one who talks included.
    pub(crate) ahead: usize,
    /// When the turn may come, in milliseconds since the epoch, where the server dares to say.
    pub(crate) expected: Option<u64>,
}

/// A conversation under way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Talk {
    /// What threatens to end it.
    pub(crate) warning: Option<Warning>,
    /// Until when the server may say goodbye, in milliseconds since the epoch, once we asked to leave.
    pub(crate) leaving: Option<u64>,
}

/// The server's word that the turn ends soon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Warning {
    /// When it ends, in milliseconds since the epoch.
    pub(crate) deadline: u64,
    /// Which limit ends it.
    pub(crate) reason: ByeReason,
}

/// A connection that is going to be tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Retry {
    /// What ended the last one.
    pub(crate) ending: Ending,
    /// When the next is tried, in milliseconds since the epoch.
    pub(crate) at: u64,
}

impl Phase {
    /// The phase's name for the page's `data-state`, which the style sheet and tests read.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Connecting | Self::Asleep => "connecting",
            Self::Waiting(_) => "waiting",
            Self::Talking(_) => "talking",
            Self::Retrying(_) => "retrying",
            Self::Ended(_) => "ended",
        }
    }

    /// Whether a socket is open or opening.
    pub(crate) fn is_connected(&self) -> bool {
        matches!(self, Self::Connecting | Self::Waiting(_) | Self::Talking(_))
    }

    /// The conversation under way, if it is our turn.
    pub(crate) fn talk(&self) -> Option<&Talk> {
        match self {
            Self::Talking(talk) => Some(talk),
            _ => None,
        }
    }

    /// The conversation under way, if it is our turn.
    pub(crate) fn talk_mut(&mut self) -> Option<&mut Talk> {
        match self {
            Self::Talking(talk) => Some(talk),
            _ => None,
        }
    }
}

impl Warning {
    /// Whether a message of ours makes it void.
    pub(crate) fn can_stay(&self) -> bool {
        self.reason != ByeReason::TurnLimit
    }
}

/// Whole seconds from `now` until `deadline`, the begun one included.
pub(crate) fn seconds_until(deadline: u64, now: u64) -> u64 {
    deadline.saturating_sub(now).div_ceil(1000)
}
