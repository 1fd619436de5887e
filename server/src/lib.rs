//! Serves one conversation at a time and queues everybody else fairly, whether they come over raw TCP or over
//! a WebSocket.
//!
//! A listener accepts connections, each joins the one [`queue`], and who has the turn holds a conversation that
//! knows nothing of its transport. ARCHITECTURE.md has the map.

mod address;
mod admission;
mod config;
mod context;
mod http;
mod listener;
mod platform;
pub mod queue;
mod room;
mod server;
mod session;
mod tcp;
mod tls;
mod transcript;
mod visitors;
mod websocket;

pub use config::{Access, Config, Limits, Listen, OptionalCount, OptionalTime, Times};
pub use http::Origin;
pub use listener::BindError;
pub use platform::EndSignals;
pub use server::{Server, StartError};
pub use session::Responder;
pub use tls::TlsError;
pub use transcript::Transcript;
