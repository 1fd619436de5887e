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
#[tokio::main(flavor = "current_thread")]
async fn run(options: Options) -> Result<()> {
    let signals = EndSignals::listen()?;
    let transcript = Transcript::stdout()?;
    let bound = Server::bind(options, transcript.clone());
    let shutdown = CancellationToken::new();
    let ended = match bound {
        Ok(server) => tokio::select! {
            () = server.run(shutdown.clone()) => Ok(()),
            ended = end_on_signals(signals, shutdown) => ended,
        },
        Err(error) => Err(error.into()),
    };
    transcript.finish();
    ended
}

/// The first signal lets the server drain; the second ends it at once.
async fn end_on_signals(mut signals: EndSignals, shutdown: CancellationToken) -> Result<()> {
    signals.next().await?;
    shutdown.cancel();
    signals.next().await?;
    Ok(())
}
