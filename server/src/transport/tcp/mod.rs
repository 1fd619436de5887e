//! Raw TCP: the report's protocol.

mod first_line;
mod halves;
mod waiting;

pub(crate) use waiting::Tcp;
