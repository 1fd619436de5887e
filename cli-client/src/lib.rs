//! The terminal client of Vez: the report's conversation over raw TCP, `ws://` and `wss://`, and streams of bytes.
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
mod utf8;

pub use address::{Address, ParseAddressError};
pub use args::Args;
pub use flow::Outcome;

use std::io;

use console::{Piped, Screen, Terminal};
use flow::First;
use interrupts::Interrupts;
use platform::Signal;
use tokio::sync::mpsc;
use transport::{Access, Failure, TcpTransport, Transport, WebSocketTransport};

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
    let mut greeting = Greeting::to(args);
    greeting.say(texts::STARTING.to_owned())?;
    match &args.address {
        Address::Tcp { host, port } => {
            let connection = TcpTransport::connect(host, *port).await;
            let Some(transport) = greeting.meet(&args.address, connection)? else {
                return Ok(Outcome::Failure);
            };
            let (keys, interrupts) = interrupts::listen()?;
            chat(transport, &keys, interrupts, None, args.quiet).await
        }
        Address::WebSocket(url) => {
            let access = Access::new(args)?;
            let connection = WebSocketTransport::connect(url, access, !args.no_reconnect).await;
            let Some(mut transport) = greeting.meet(&args.address, connection)? else {
                return Ok(Outcome::Failure);
            };
            let (keys, mut interrupts) = interrupts::listen()?;
            if !transport.shows_queue() {
                greeting.end(Screen::stdout())?;
                return chat(transport, &keys, interrupts, None, args.quiet).await;
            }
            let first = First::receive(&mut transport, &mut interrupts).await;
            if first.is_of_a_stream() {
                greeting.end(Screen::stderr())?;
                let options = flow::Options { quiet: args.quiet, raw: args.raw };
                return Ok(flow::stream(transport, interrupts, first, options).await?);
            }
            greeting.end(Screen::stdout())?;
            chat(transport, &keys, interrupts, Some(first), args.quiet).await
        }
    }
}

async fn chat<T: Transport>(
    transport: T,
    keys: &mpsc::Sender<Signal>,
    interrupts: Interrupts,
    first: Option<First>,
    quiet: bool,
) -> anyhow::Result<Outcome> {
    let terminal = if quiet { None } else { Terminal::start(keys)? };
    Ok(match terminal {
        Some(terminal) => flow::converse(transport, terminal, interrupts, first).await?,
        None => flow::converse(transport, Piped::start(Screen::stdout(), quiet)?, interrupts, first).await?,
    })
}

/// The first lines, which are held back while standard output may be a stream's and nobody looks at it.
struct Greeting {
    /// What is held back; `None` where nothing has to be.
    held: Option<Vec<String>>,
    quiet: bool,
}

impl Greeting {
    fn to(args: &Args) -> Self {
        let may_be_a_stream =
            matches!(args.address, Address::WebSocket(_)) && !Screen::stdout().is_terminal();
        Self { held: may_be_a_stream.then(Vec::new), quiet: args.quiet }
    }

    fn say(&mut self, line: String) -> io::Result<()> {
        match &mut self.held {
            _ if self.quiet => {}
            Some(held) => held.push(line),
            None => Screen::stdout().line(&line)?,
        }
        Ok(())
    }

    /// Says whether there is a connection.
    fn meet<T>(&mut self, address: &Address, connection: Result<T, Failure>) -> io::Result<Option<T>> {
        match connection {
            Ok(transport) => {
                self.say(texts::connected(address))?;
                Ok(Some(transport))
            }
            Err(failure) if self.quiet => {
                Screen::stderr().line(&texts::connect_failed(address, &failure))?;
                Ok(None)
            }
            Err(failure) => {
                self.say(texts::connect_failed(address, &failure))?;
                self.end(Screen::stdout())?;
                Ok(None)
            }
        }
    }

    /// Shows on `screen` what was held back.
    fn end(&mut self, screen: Screen) -> io::Result<()> {
        self.held.take().into_iter().flatten().try_for_each(|line| screen.line(&line))
    }
}
