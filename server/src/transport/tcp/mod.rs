//! Raw TCP: the report's protocol.

mod first_line;
mod halves;
mod port;
mod waiting;

pub(crate) use port::Port;
pub(crate) use waiting::WaitingTcp;
