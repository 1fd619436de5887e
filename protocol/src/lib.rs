//! The words that Vez's server and clients share: messages and how raw TCP frames them, the report's
//! replies, the events of the `vez.v1` subprotocol and what a seat numbers of them, limits and close codes.
//!
//! Nothing here knows a socket, a runtime or a browser, so that the server, the terminal client and the page
//! (compiled to wasm32) all speak from one definition.

mod close;
mod decoder;
pub mod escape;
mod event;
pub mod limits;
mod message;
mod receipts;
pub mod report;

pub use close::CloseCode;
pub use decoder::{DecodeError, Decoder};
pub use event::{ByeReason, ClientEvent, ServerEvent, TurnKind};
pub use message::{Body, LineEnding, Message, NotUtf8};
pub use receipts::Receipts;

/// The WebSocket subprotocol (RFC 6455 §1.9) in which frames are JSON and the queue is visible.
pub const SUBPROTOCOL: &str = "vez.v1";

/// Beside [`SUBPROTOCOL`], what a client offers that comes back to its seat: this, the seat's token, and, behind a dot,
/// how many replies, outputs, goodbyes (but `taken_over`, which is the connection's) and frames of bytes it has received
/// since the seat began. A page can set no header, and a token in the address would be logged.
pub const SEAT: &str = "vez.seat.";

/// Where the raw TCP listener binds, and the terminal client connects, unless told otherwise.
pub const DEFAULT_TCP: &str = "127.0.0.1:65432";

/// Where the HTTP and WebSocket listener binds unless told otherwise.
pub const DEFAULT_HTTP: &str = "127.0.0.1:8080";
