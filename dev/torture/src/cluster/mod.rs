//! A storm over three servers that share one queue in three members of etcd, while all of them fail in turn.
//!
//! Judged from outside: by what the clients saw, and what one server behind all of them saw, merged by one clock.

mod client;
mod etcd;
mod faults;
mod gate;
mod history;
mod judge;
mod servers;

use std::fmt;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use anyhow::{Result, ensure};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use self::client::Plan;
use self::etcd::Etcd;
use self::history::History;
use self::judge::{Verdict, judge};
use self::servers::Server;
use crate::options::Options;

/// The leases' time to live: the shortest that there is.
const TTL: Duration = Duration::from_secs(2);

/// The queue's name.
const QUEUE: &str = "tempestade";

/// How long those who are there at the end may take.
const REST: Duration = Duration::from_secs(180);

/// How long a client waits before it comes again when there is no server.
const AWAY: Duration = Duration::from_millis(200);

/// How it went.
pub(crate) struct Report {
    verdict: Verdict,
    /// Whether the disk was slowed down, and not the members in strokes.
    slowed: bool,
}

/// Storms and judges.
///
/// # Errors
/// When the storm cannot take place.
pub(crate) async fn run(options: &Options, seed: u64) -> Result<Report> {
    ensure!(options.servers == 3, "--servers pode ser 1 ou 3");
    let (history, folder) = (History::begin(), tempfile::tempdir()?);
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut etcd = Etcd::start().await?;
    let behind = servers::start_behind(history.clone()).await?;
    let queue = format!("{QUEUE}?ttl={}s", TTL.as_secs());
    let mut servers = Vec::new();
    for number in 0..3 {
        let members = etcd.addresses();
        servers.push(Server::start(&options.server, number, &members, &queue, behind, &folder).await?);
    }
    let addresses: Vec<_> = servers.iter().map(|server| (server.tcp, server.http)).collect();
    let (over, next) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
    let mut clients = JoinSet::new();
    for _ in 0..options.clients {
        let (over, next, addresses, history) =
            (over.clone(), next.clone(), addresses.clone(), history.clone());
        clients.spawn(async move {
            while !over.load(Relaxed) {
                let number = next.fetch_add(1, Relaxed);
                let mut rng = fastrand::Rng::with_seed(seed ^ u64::from(number) << 32);
                let server = rng.usize(..addresses.len());
                let plan = Plan::draw(number, server, addresses[server], &mut rng);
                if !client::run(&plan, &history).await {
                    sleep(AWAY).await;
                }
            }
        });
    }
    let end = Instant::now() + Duration::from_secs(options.seconds);
    let slowed = faults::happen(&mut etcd, &mut servers, &history, TTL, end, &mut rng).await?;
    over.store(true, Relaxed);
    let all = async { while clients.join_next().await.is_some() {} };
    let all = timeout(REST, all).await;
    let mut breaches = Vec::new();
    if all.is_err() {
        breaches.push(format!("{} clientes não terminaram em {REST:?}", clients.len()));
    }
    let left = timeout(TTL * 3, empty(&etcd)).await;
    if left.is_err() {
        breaches.push(format!("{} chaves ficaram em etcd", etcd.count(&format!("{QUEUE}/")).await?));
    }
    for server in &mut servers {
        breaches.extend(server.end().await.err().map(|error| error.to_string()));
    }
    let mut verdict = judge(&history.records(), TTL);
    verdict.breaches.extend(breaches);
    Ok(Report { verdict, slowed })
}

/// Waits until no ticket is left.
async fn empty(etcd: &Etcd) {
    while !etcd.count(&format!("{QUEUE}/")).await.is_ok_and(|count| count == 0) {
        sleep(Duration::from_millis(50)).await;
    }
}

impl Report {
    /// Success if nothing was broken.
    pub(crate) fn status(&self) -> ExitCode {
        if self.verdict.breaches.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Verdict { turns, lines, lost, faults, breaches } = &self.verdict;
        writeln!(f, "{turns} vezes, {lines} linhas, {lost} vezes perdidas; TTL {TTL:?}")?;
        for (fault, faults) in faults {
            let (name, gap) = (fault.name(), faults.longest_gap);
            writeln!(f, "{:3} × {name}: maior tempo sem uma linha {gap:.1?}", faults.count)?;
        }
        if !self.slowed {
            writeln!(f, "strace não pôde atrasar o disco: os membros foram parados em golpes")?;
        }
        for breach in breaches.iter().take(20) {
            writeln!(f, "QUEBRA: {breach}")?;
        }
        match breaches.len() {
            0 => writeln!(f, "nenhuma quebra"),
            count => writeln!(f, "{count} quebras"),
        }
    }
}
