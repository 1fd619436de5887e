//! The run: warm-up, storm, and the server at rest before, between and after.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use anyhow::{Result, ensure};
use tokio_util::sync::CancellationToken;

use crate::arena::Arena;
use crate::breach::Promise;
use crate::observation;
use crate::options::Options;
use crate::platform;
use crate::referee::Referee;
use crate::report::Report;
use crate::responder;
use crate::rest::{Rests, settle};
use crate::server::Server;
use crate::storm::storm;

/// Open files for each client: its own, the server's, and of those who left and still linger there.
const FILES_EACH: u64 = 4;

/// Open files for everything else.
const FILES: u64 = 200;

/// Storms the server and reports how it went.
///
/// # Errors
/// When the storm cannot take place; what the server does wrong is in the report.
pub(crate) async fn run(options: &Options, seed: u64) -> Result<Report> {
    let files = u64::from(options.clients) * FILES_EACH + FILES;
    let allowed = platform::raise_open_files().unwrap_or(u64::MAX);
    ensure!(
        files <= allowed,
        "{files} arquivos abertos não cabem no limite de {allowed}; menos --clients cabem"
    );

    let (observations, seen) = observation::channel();
    let broken = CancellationToken::new();
    let queue = options.clients.saturating_mul(4).max(1024);
    let (address, echo) = responder::echo().await?;
    let echo = tokio::spawn(echo);
    let answers = options.responder.server_options(address);
    let mut server = Server::start(&options.server, &answers, queue, observations.clone())?;
    let referee = tokio::spawn(Referee::new(broken.clone()).watch(seen));
    let (tcp, http, responder, next) = (server.tcp, server.http, options.responder, AtomicU64::new(0));
    let arena = Arena { tcp, http, responder, seed, observations, next };
    let mut rests = Rests::default();
    tokio::select! {
        done = phases(options, &server, Arc::new(arena), &mut rests) => done?,
        () = broken.cancelled() => {}
    }
    // A server that broke a promise may not end well either; that is no news.
    let ended = if broken.is_cancelled() { server.kill() } else { server.end().await };
    drop(server);
    echo.abort();
    let verdict = referee.await?;
    let ended = ended.err().map(|error| Promise::Alive.broken(error.to_string()));
    let left = rests.check(options.clients).err();
    let breaches = verdict.breach.into_iter().chain(ended).chain(left).collect();
    Ok(Report { options: options.clone(), seed, tally: verdict.tally, rests, breaches })
}

async fn phases(options: &Options, server: &Server, arena: Arc<Arena>, rests: &mut Rests) -> Result<()> {
    let before = settle(server, None).await;
    rests.before = Some(before);
    let warm_up = Duration::from_secs((options.seconds / 4).clamp(2, 10));
    storm(&arena, options.clients, warm_up).await?;
    rests.warm = Some(settle(server, before.descriptors).await);
    storm(&arena, options.clients, Duration::from_secs(options.seconds)).await?;
    rests.after = Some(settle(server, before.descriptors).await);
    Ok(())
}
