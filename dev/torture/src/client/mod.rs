//! One client, from its first to its last packet.

mod entrance;
mod frames;
mod muted;
mod noise;
mod polite;
mod returns;
mod rude;
mod talk;
mod tcp;
mod vanish;
mod websocket;

use tokio::time::Instant;

use crate::arena::Arena;
use crate::observation::{Account, Milestone, Witness};
use crate::plan::{self, Plan};
pub(crate) use entrance::Entrance;

/// Does what the client with this number is planned to do, and tells the referee.
///
/// New clients come until `end`.
pub(crate) async fn run(arena: &Arena, number: u64, end: Instant) {
    let mut rng = plan::chance(arena.seed, number);
    let plan = Plan::draw(number, arena.responder, &mut rng);
    let witness = Witness::new(number, arena.observations.clone());
    let entrance = Entrance {
        arena,
        number,
        end,
        witness: witness.clone(),
        polite: matches!(plan, Plan::Polite(_) | Plan::Return(_)),
    };
    match plan {
        Plan::Polite(script) => {
            let account = polite::converse(&script, &entrance).await;
            finish(&witness, account).await;
        }
        Plan::Return(script) => {
            let account = returns::converse(&script, &entrance, &mut rng).await;
            finish(&witness, account).await;
        }
        Plan::Vanish { way, stage, exit } => {
            // That something failed on the way says nothing: the server may well have ended it first.
            let _ = vanish::vanish(way, stage, exit, &entrance, &mut rng).await;
            witness.saw(Milestone::Departed).await;
        }
        Plan::Rude { way, rudeness } => {
            let _ = rude::misbehave(way, rudeness, &entrance, &mut rng).await;
            witness.saw(Milestone::Departed).await;
        }
    }
}

async fn finish(witness: &Witness, account: Account) {
    witness.saw(Milestone::Departed).await;
    witness.saw(Milestone::Finished(account)).await;
}
