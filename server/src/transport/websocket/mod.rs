//! WebSockets: plain text for any tool, and `vez.v1`, in which the queue is visible and the place is kept.

mod budget;
mod heartbeat;
mod input;
mod kept;
mod output;
mod said;
mod style;
mod waiting;

pub(crate) use kept::{Arrival, KeptWebSocket, Offer, SeatHandle, Seats, Slots};
pub(crate) use style::Style;
pub(crate) use waiting::WaitingWebSocket;
