//! A queue that three servers share, in a cluster of three members of etcd: what a handover costs beside one write to
//! etcd, and what many who wait cost.

mod cluster;
mod server;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use self::cluster::Cluster;
use self::server::{Counts, Server};
use crate::client::{Client, waiting};
use crate::options::Shared;
use crate::system;
use crate::wire::{Answer, Transport, Wire};

/// How many wait, in turn.
const CROWDS: [usize; 2] = [500, 5000];

/// How many of a crowd leave.
const LEAVE: usize = 200;

/// How many stand before the crowd, and have the turn one after the other.
const HANDOVERS: usize = 20;

/// For how long the servers do next to nothing when all is told.
const QUIET: Duration = Duration::from_millis(500);

/// Longer than any crowd needs to come or to go.
const PATIENCE: Duration = Duration::from_secs(120);

/// Measures and prints a table.
///
/// # Errors
/// When a server or etcd cannot be started, or does not do what is measured.
pub(crate) fn run(options: &Shared) -> Result<()> {
    let limit = system::raise_open_files();
    ensure!(limit >= 6000, "{limit} open files are too few for a crowd of {}", CROWDS[1]);
    let mut cluster = Cluster::start(&options.out)?;
    let (rounds, crowds) = if options.quick { (30, &CROWDS[..1]) } else { (300, &CROWDS[..]) };
    let handover = handovers(options, &mut cluster, rounds)?;
    let crowds = crowds.iter().map(|count| crowd(options, &cluster, *count)).collect::<Result<Vec<_>>>()?;
    println!("| | median | beside one write |\n| --- | --- | --- |");
    for (what, time) in [("one write to etcd", handover.write), ("a handover between servers", handover.turn)]
    {
        println!("| {what} | {:.2} ms | {:.2} |", milliseconds(time), time.div_duration_f64(handover.write));
    }
    println!(
        "\n| waiting over 3 servers | all are in line after | writes | events | memory | a departure: CPU | events | writes \
         | handover |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- |"
    );
    for crowd in crowds {
        println!("{crowd}");
    }
    println!("\nWrites, events, memory and CPU are those of one server, the mean of the three.");
    Ok(())
}

struct Handover {
    /// The median time of one write.
    write: Duration,
    /// From a farewell at one server to the reply to who waited at another.
    turn: Duration,
}

/// Passes the turn from server to server, each time beside one write.
fn handovers(options: &Shared, cluster: &mut Cluster, rounds: usize) -> Result<Handover> {
    let servers = Server::start_all(options, cluster, "handover")?;
    let wire = Wire::new(Transport::Tcp, Answer::Report, 32)?;
    let answered = Arc::default();
    let connect =
        |round: usize| Client::connect(servers[round % servers.len()].tcp, Transport::Tcp, &answered);
    let mut holder = connect(0)?;
    holder.exchange(&wire)?;
    let (mut writes, mut turns) = (Vec::new(), Vec::new());
    for round in 1..=rounds {
        let mut next = connect(round)?;
        next.say(&wire)?;
        await_waiting(&servers, 1)?;
        writes.push(cluster.write()?);
        let began = Instant::now();
        holder.say_goodbye(&wire)?;
        next.expect_reply(&wire)?;
        turns.push(began.elapsed());
        holder = next;
    }
    Ok(Handover { write: median(writes), turn: median(turns) })
}

struct Crowd {
    count: usize,
    admitted: Duration,
    /// What it took until all were in line.
    joining: Counts,
    /// Bytes for each who waits, over all servers.
    memory: f64,
    /// What one who leaves takes.
    cpu: Duration,
    leaving: Counts,
    handover: Duration,
}

/// Has so many wait, some of them leave, and the turn passed on.
fn crowd(options: &Shared, cluster: &Cluster, count: usize) -> Result<Crowd> {
    let servers = Server::start_all(options, cluster, &format!("crowd-{count}"))?;
    let all = servers.len();
    let answered = Arc::default();
    let wire = Wire::new(Transport::Tcp, Answer::Report, 32)?;
    let connect = |server: &Server| Client::connect(server.tcp, Transport::Tcp, &answered);
    let mut holder = connect(&servers[0])?;
    holder.exchange(&wire)?;
    let mut next = Vec::with_capacity(HANDOVERS);
    for round in 1..=HANDOVERS {
        let mut client = connect(&servers[round % all])?;
        client.say(&wire)?;
        next.push(client);
        // The next one comes when every server knows of this one.
        await_waiting(&servers, round)?;
    }

    let (memory, before, began) = (memory(&servers)?, Counts::of(&servers)?, Instant::now());
    let join = |number: usize| Client::connect(servers[number % all].http, Transport::Events, &answered);
    let mut crowd = (0..count).map(join).collect::<Result<Vec<_>>>()?;
    await_waiting(&servers, HANDOVERS + count)?;
    let admitted = began.elapsed();
    let joining = Counts::of(&servers)?.since(&before, all);
    let memory = (self::memory(&servers)? - memory) as f64 / count as f64;

    await_quiet(&servers)?;
    let (before, cpu) = (Counts::of(&servers)?, self::cpu(&servers)?);
    for number in 0..LEAVE {
        // From all over the line.
        drop(crowd.swap_remove(number * 7919 % crowd.len()));
    }
    await_waiting(&servers, HANDOVERS + count - LEAVE)?;
    let cpu = Duration::from_nanos((self::cpu(&servers)? - cpu) / (all * LEAVE) as u64);
    let leaving = Counts::of(&servers)?.since(&before, all * LEAVE);

    await_quiet(&servers)?;
    let mut turns = Vec::new();
    for mut next in next {
        let began = Instant::now();
        holder.say_goodbye(&wire)?;
        next.expect_reply(&wire)?;
        turns.push(began.elapsed());
        holder = next;
    }
    Ok(Crowd { count, admitted, joining, memory, cpu, leaving, handover: median(turns) })
}

/// Waits until every server knows that so many wait.
fn await_waiting(servers: &[Server], count: usize) -> Result<()> {
    let began = Instant::now();
    for server in servers {
        while waiting(server.http)? != count as u64 {
            ensure!(began.elapsed() < PATIENCE, "not {count} wait after {PATIENCE:?}");
            std::thread::sleep(Duration::from_micros(500));
        }
    }
    Ok(())
}

/// Waits until the news of who came and went is told: the servers do next to nothing.
fn await_quiet(servers: &[Server]) -> Result<()> {
    let began = Instant::now();
    let mut before = cpu(servers)?;
    loop {
        std::thread::sleep(QUIET);
        let now = cpu(servers)?;
        if Duration::from_nanos(now - before) < QUIET / 20 {
            return Ok(());
        }
        ensure!(began.elapsed() < PATIENCE, "the servers are busy after {PATIENCE:?}");
        before = now;
    }
}

fn cpu(servers: &[Server]) -> Result<u64> {
    servers.iter().map(|server| system::cpu(server.process())).sum()
}

fn memory(servers: &[Server]) -> Result<u64> {
    servers.iter().map(|server| Ok(system::memory(server.process())?.resident)).sum()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

impl fmt::Display for Crowd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { count, admitted, joining, memory, cpu, leaving, handover } = self;
        let (admitted, cpu, handover) =
            (milliseconds(*admitted), milliseconds(*cpu), milliseconds(*handover));
        write!(
            f,
            "| {count} | {admitted:.0} ms | {:.0} | {:.0} | {:.2} KB | {cpu:.3} ms | {:.2} | {:.2} | {handover:.2} ms |",
            joining.writes,
            joining.events,
            memory / 1000.0,
            leaving.events,
            leaving.writes,
        )
    }
}
