//! `vez-client`: the report's terminal client.

use std::io;
use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    match vez_client::run(&vez_client::Args::parse()) {
        Ok(outcome) => outcome.into(),
        Err(error) => {
            if !is_closed_output(&error) {
                eprintln!("vez-client: {error:#}");
            }
            ExitCode::FAILURE
        }
    }
}

/// Whoever read standard output has gone, and has nothing more to be told.
fn is_closed_output(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
