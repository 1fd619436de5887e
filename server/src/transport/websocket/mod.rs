//! WebSockets: plain text for any tool, and `vez.v1`, in which the queue is visible.

mod budget;
mod heartbeat;
mod input;
mod output;
mod style;
mod waiting;

pub(crate) use style::Style;
pub(crate) use waiting::WaitingWebSocket;
