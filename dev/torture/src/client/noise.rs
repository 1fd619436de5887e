//! Much that says nothing.

use fastrand::Rng;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Control, Data, OpCode};

use super::frames;
use crate::plan::Way;

/// How often one thing is said: more than who waits is read of, and little enough for one turn.
const TIMES: usize = 20_000;

/// One thing that says nothing, thousands of times; over TCP, where everything is a message, empty lines.
pub(super) fn draw(way: Way, rng: &mut Rng) -> Vec<u8> {
    if matches!(way, Way::Lines | Way::Unframed) {
        return b"\n".repeat(TIMES);
    }
    let kinds = if way == Way::Events { 6 } else { 3 };
    match rng.u32(..kinds) {
        0 => frames::empty(OpCode::Control(Control::Ping)).repeat(TIMES),
        1 => frames::empty(OpCode::Control(Control::Pong)).repeat(TIMES),
        2 => {
            let rest = frames::empty(OpCode::Data(Data::Continue)).repeat(TIMES);
            [frames::empty(OpCode::Data(Data::Text)), rest].concat()
        }
        3 => frames::text(r#"{"type":"ping"}"#).repeat(TIMES),
        4 => frames::text(r#"{"type":"stay"}"#).repeat(TIMES),
        _ => frames::text(r#"{"type":"x"}"#).repeat(TIMES),
    }
}
