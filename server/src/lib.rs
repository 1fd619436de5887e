//! Serves one conversation at a time and queues everybody else fairly, whether they come over raw TCP or over
//! a WebSocket.
//!
//! A listener accepts connections, each joins the one [`queue`], and who has the turn holds a conversation that
//! knows nothing of its transport. ARCHITECTURE.md has the map.

mod door;
mod ending;
mod http;
mod options;
mod platform;
pub mod queue;
mod reception;
mod record;
mod responder;
mod seat;
mod server;
mod session;
mod transport;
mod units;

pub use door::{BindError, Origin, ProxyHeader, Settings as AccessSettings, SignInError, TlsError, User};
pub use http::Settings as HttpSettings;
pub use options::{Listen, Options};
pub use platform::EndSignals;
pub use record::Transcript;
pub use responder::{
    BehindError, DeviceError, Framing, Newline, Responder, SerialLine, Settings as BehindSettings, Start,
    Target,
};
pub use server::{Server, StartError};
pub use session::Settings as TurnSettings;
pub use transport::Settings as ConnectionSettings;
pub use units::{OptionalCount, OptionalTime};
