//! A serial device behind Vez: opened once, lent to one turn after the other, listened to between them.

mod device;
mod keeper;
pub(super) mod line;
mod loan;
mod past;
mod turn;

pub use device::DeviceError;
pub(crate) use keeper::Serial;
pub use line::SerialLine;
pub(crate) use turn::Turn;
