//! `vez-torture`: a seeded storm against a real vez-server over real sockets.
//!
//! Clients of every kind, polite and not, come for a while; a referee compares what they and the transcript
//! saw with the six promises of the queue, and the first that is broken ends the run with status 1.

mod arena;
mod breach;
mod client;
#[cfg(unix)]
mod cluster;
mod digest;
mod line;
mod observation;
mod options;
mod plan;
mod platform;
mod referee;
mod report;
mod responder;
mod rest;
mod run;
mod server;
mod storm;
mod transcript;
mod trouble;

use std::process::ExitCode;

use clap::Parser;

use crate::options::Options;

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    let seed = options.seed.unwrap_or_else(|| fastrand::u64(..1_000_000));
    eprintln!("» Tempestade: {} clientes, {} s, semente {seed}", options.clients, options.seconds);
    let storm = async {
        #[cfg(unix)]
        if options.servers > 1 {
            let report = cluster::run(&options, seed).await?;
            print!("{report}");
            return Ok(report.status());
        }
        let report = run::run(&options, seed).await?;
        print!("{report}");
        Ok(report.status())
    };
    let result = tokio::select! {
        result = storm => result,
        // Dropping the run ends the server that it started.
        interrupted = platform::interrupted() => {
            Err(interrupted.map_or_else(anyhow::Error::from, |()| anyhow::anyhow!("interrompida")))
        }
    };
    match result {
        Ok(status) => status,
        Err(error) => {
            eprintln!("Erro: {error:#} (semente {seed})");
            ExitCode::FAILURE
        }
    }
}
