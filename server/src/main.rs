//! The `vez-server` binary: reads the options, serves, ends on a signal.

use std::io::IsTerminal;
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use tokio_util::sync::CancellationToken;
use tracing_appender::non_blocking::NonBlockingBuilder;
use tracing_subscriber::EnvFilter;
use vez_server::{EndSignals, Options, Server, Transcript};

/// Most lines of the log that wait for stderr; the room for them is taken at the start.
const LOG_LINES: usize = 4096;

fn main() -> ExitCode {
    let options = Options::parse();
    // Logs wait in a bounded queue of their own: a stopped stderr must not stall the server either.
    let logs = NonBlockingBuilder::default().buffered_lines_limit(LOG_LINES);
    let (stderr, _guard) = logs.finish(std::io::stderr());
    let filter = EnvFilter::try_from_env("VEZ_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let ansi = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(stderr).with_ansi(ansi).init();
    match run(options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("vez-server: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// One thread serves all sockets: only one conversation is ever busy.
///
/// The first signal lets the server drain; the second ends it at once.
#[tokio::main(flavor = "current_thread")]
async fn run(options: Options) -> Result<()> {
    let mut signals = EndSignals::listen()?;
    let transcript = Transcript::stdout()?;
    let ended = match Server::bind(options, transcript.clone()) {
        Ok(server) => serve(server, &mut signals).await,
        Err(error) => Err(error.into()),
    };
    if !matches!(ended, Ok(End::AtOnce)) {
        tokio::select! {
            () = transcript.finish() => {}
            _ = signals.next() => {}
        }
    }
    ended.map(drop)
}

/// How a server came to its end.
enum End {
    /// By itself, or drained.
    Drained,
    /// It was told twice.
    AtOnce,
}

async fn serve(server: Server, signals: &mut EndSignals) -> Result<End> {
    let shutdown = CancellationToken::new();
    let mut serving = std::pin::pin!(server.run(shutdown.clone()));
    tokio::select! {
        () = &mut serving => return Ok(End::Drained),
        ended = signals.next() => ended?,
    }
    shutdown.cancel();
    tokio::select! {
        () = serving => Ok(End::Drained),
        ended = signals.next() => Ok(ended.map(|()| End::AtOnce)?),
    }
}
