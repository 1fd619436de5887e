//! The terminal client of Vez: the report's conversation over raw TCP, `ws://` and `wss://`.
//!
//! A *transport* is what the server says, a *console* what the user types and sees; the *flow* between the
//! two knows neither a socket nor a terminal.

mod address;
mod args;
mod console;
mod flow;
mod interrupts;
mod platform;
mod texts;
mod transport;

pub use address::{Address, ParseAddressError};
pub use args::Args;
pub use flow::Outcome;

use console::{Piped, Screen, Terminal};
use transport::{Failure, TcpTransport, Transport, WebSocketTransport};

/// Holds one conversation and says how it ended.
///
/// # Errors
/// When standard output or the signals cannot be used.
pub fn run(args: &Args) -> anyhow::Result<Outcome> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let outcome = runtime.block_on(start(args));
    // A name that is still being looked up must not delay the end.
    runtime.shutdown_background();
    outcome
}

async fn start(args: &Args) -> anyhow::Result<Outcome> {
    Screen::stdout().line(texts::STARTING)?;
    match &args.address {
        address @ Address::Tcp { host, port } => {
            meet(address, TcpTransport::connect(host, *port).await).await
        }
        address @ Address::WebSocket(url) => {
            meet(address, WebSocketTransport::connect(url, args.ca.as_deref()).await).await
        }
    }
}

async fn meet<T: Transport>(address: &Address, connection: Result<T, Failure>) -> anyhow::Result<Outcome> {
    let screen = Screen::stdout();
    let transport = match connection {
        Ok(transport) => transport,
        Err(failure) => {
            screen.line(&texts::connect_failed(address, &failure))?;
            return Ok(Outcome::Failure);
        }
    };
    screen.line(&texts::connected(address))?;
    let (keys, interrupts) = interrupts::listen()?;
    Ok(match Terminal::start(&keys)? {
        Some(terminal) => flow::converse(transport, terminal, interrupts).await?,
        None => flow::converse(transport, Piped::start(screen)?, interrupts).await?,
    })
}
