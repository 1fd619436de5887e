//! What each client is going to do: drawn from the seed and the client's number alone, and from what answers, so
//! that a seed names a storm whatever the timing.

mod choice;
mod script;

use fastrand::Rng;

use crate::responder::Responder;
use choice::pick;
pub(crate) use script::{End, Script};

/// What carries a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Transport {
    Tcp,
    WebSocket,
}

/// How a client speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Way {
    /// Raw TCP, a line at a time.
    Lines,
    /// Raw TCP, as the report's client: no newline, so no message before the last one's answer.
    Unframed,
    /// A WebSocket, a message a frame.
    Plain,
    /// `vez.v1`.
    Events,
}

/// What a client does.
#[derive(Clone, Debug)]
pub(crate) enum Plan {
    /// Holds a conversation and expects every answer.
    Polite(Script),
    /// Holds a conversation in `vez.v1`, expects every answer, and loses its connection again and again.
    Return(Script),
    /// Is gone at some stage.
    Vanish { way: Way, stage: Stage, exit: Exit },
    /// Behaves badly.
    Rude { way: Way, rudeness: Rudeness },
}

/// Where a client is when it vanishes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Stage {
    BeforeHandshake,
    Waiting,
    WithTurn,
    MidFrame,
    MidCharacter,
    /// It has said `sair` and read the farewell.
    AfterFarewell,
}

/// How a client vanishes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Exit {
    /// Its socket is closed.
    Fin,
    /// Its connection is reset.
    Reset,
    /// It does nothing any more, and its socket stays.
    Silence,
}

/// How a client behaves badly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Rudeness {
    /// Says much, and never reads.
    NeverReads,
    /// Says thousands of things at once.
    Floods,
    /// Says nothing, thousands of times: pings, pongs, empty fragments, events for nobody.
    Noise,
    /// Sends random bytes, without a handshake.
    Garbage,
    /// Sends random bytes, behind a handshake.
    LateGarbage,
    /// Sends more than a message may have.
    Oversized,
    /// Breaks the framing: unmasked, reserved bits and codes, bad control frames, no text, no events.
    BadFrames,
    /// Asks for other things over HTTP, rightly and wrongly.
    OtherRequests,
    /// Sends its handshake a byte at a time, and never all of it.
    SlowHandshake,
    /// Closes its sending side and has said nothing.
    HalfCloses,
    /// Connects, and never speaks.
    NeverSpeaks,
}

const WAYS: [(u32, Way); 4] = [(3, Way::Lines), (1, Way::Unframed), (2, Way::Plain), (3, Way::Events)];

const STAGES: [(u32, Stage); 6] = [
    (2, Stage::BeforeHandshake),
    (3, Stage::Waiting),
    (3, Stage::WithTurn),
    (2, Stage::MidFrame),
    (2, Stage::MidCharacter),
    (2, Stage::AfterFarewell),
];

/// Silence with the turn, or before it comes, costs a whole time limit: it is rare, or the storm would mostly wait.
const EXITS: [(u32, Exit); 3] = [(8, Exit::Fin), (8, Exit::Reset), (1, Exit::Silence)];

/// Silence after the farewell costs nobody anything, if the server does as it should.
const LAST_EXITS: [(u32, Exit); 3] = [(1, Exit::Fin), (1, Exit::Reset), (2, Exit::Silence)];

/// Again, what costs a whole time limit is rare.
const RUDENESSES: [(u32, Rudeness); 11] = [
    (1, Rudeness::NeverReads),
    (3, Rudeness::Floods),
    (6, Rudeness::Noise),
    (3, Rudeness::Garbage),
    (3, Rudeness::LateGarbage),
    (3, Rudeness::Oversized),
    (4, Rudeness::BadFrames),
    (3, Rudeness::OtherRequests),
    (2, Rudeness::SlowHandshake),
    (2, Rudeness::HalfCloses),
    (1, Rudeness::NeverSpeaks),
];

impl Way {
    pub(crate) fn transport(self) -> Transport {
        match self {
            Self::Lines | Self::Unframed => Transport::Tcp,
            Self::Plain | Self::Events => Transport::WebSocket,
        }
    }
}

/// All the chance that the client with this number will ever have.
pub(crate) fn chance(seed: u64, number: u64) -> Rng {
    Rng::with_seed(seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

impl Plan {
    /// Draws a plan.
    pub(crate) fn draw(number: u64, responder: Responder, rng: &mut Rng) -> Self {
        let way = pick(rng, &WAYS);
        match rng.u32(..100) {
            0..8 => Self::Return(Script::draw(number, Way::Events, responder, rng).returning()),
            8..60 => Self::Polite(Script::draw(number, way, responder, rng)),
            60..84 => {
                let stage = pick(rng, &STAGES);
                let exits = if stage == Stage::AfterFarewell { LAST_EXITS } else { EXITS };
                Self::Vanish { way, stage, exit: pick(rng, &exits) }
            }
            _ => Self::Rude { way, rudeness: pick(rng, &RUDENESSES) },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{End, Plan, Script, Way, chance};
    use crate::responder::Responder;

    fn storm(seed: u64) -> Vec<String> {
        plans(seed, Responder::Report).map(|plan| format!("{plan:?}")).collect()
    }

    fn plans(seed: u64, responder: Responder) -> impl Iterator<Item = Plan> {
        (0..5000).map(move |number| Plan::draw(number, responder, &mut chance(seed, number)))
    }

    #[test]
    fn a_seed_names_a_storm() {
        assert_eq!(storm(7), storm(7));
        assert_ne!(storm(7), storm(8));
    }

    #[test]
    fn everything_that_a_client_can_do_is_done() {
        let (mut vanished, mut rude) = (HashSet::new(), HashSet::new());
        for plan in plans(7, Responder::Report) {
            match plan {
                Plan::Polite(_) | Plan::Return(_) => {}
                Plan::Vanish { way, stage, exit } => drop(vanished.insert((way.transport(), stage, exit))),
                Plan::Rude { way, rudeness } => drop(rude.insert((way.transport(), rudeness))),
            }
        }
        assert_eq!(vanished.len(), 2 * 6 * 3);
        assert_eq!(rude.len(), 2 * 11);
    }

    #[test]
    fn everybody_ends_as_the_transport_and_the_responder_allow() {
        let ends = |responder| {
            let ends = plans(7, responder).filter_map(|plan| match plan {
                Plan::Polite(Script { way, end, .. }) => Some((way == Way::Events, end)),
                _ => None,
            });
            ends.collect::<HashSet<_>>()
        };
        let (report, echo) = (ends(Responder::Report), ends(Responder::Echo));
        // Three words that leave, two ways to close, and an event that is not for everybody.
        assert_eq!((report.len(), echo.len()), (6 + 5, 3 + 2));
        assert!(!report.contains(&(false, End::Leave)) && !echo.contains(&(false, End::Leave)));
    }
}
