//! Those who guess passwords, and what the holder of the turn notices.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use rustix::process::setpriority_process;
use socket2::{Domain, Socket, Type};

use super::{SMALL, quantile, round_trip, sorted};
use crate::process::Running;
use crate::records::{Measure, Records};

/// How many guess at a time, of whom those who are checked wait long for the answer.
const GUESSERS: u32 = 240;

/// How often each of them guesses: together two hundred times in a second at least.
const EVERY: Duration = Duration::from_secs(1);

/// As many wait to be checked as may after so long.
const BEGUN: Duration = Duration::from_secs(3);

/// How many messages the holder sends, about as many as in two seconds: some hundred guesses are seen.
const MESSAGES: usize = 50_000;

/// What became of the guesses.
#[derive(Debug, Default)]
struct Guesses {
    /// How many have begun to guess.
    guessers: AtomicU32,
    /// From how many addresses there were some.
    addresses: AtomicU32,
    answered: AtomicU32,
    /// Those that were compared with the right password.
    checked: AtomicU32,
}

impl Guesses {
    /// How many were answered, and how many checked.
    fn counts(&self) -> (u32, u32) {
        (self.answered.load(Relaxed), self.checked.load(Relaxed))
    }
}

/// Has passwords guessed, each from an address of its own, as those who are wrong from one are soon turned away unseen, and
/// for names that nobody has guessed before. Meanwhile the holders of both servers speak by turns, so that what guessing
/// costs the machine concerns both; before and after that nobody guesses.
///
/// # Errors
/// When an answer is not as it must be, or fewer guesses were answered than should have come.
pub(crate) fn measure([running, beside]: &[Running; 2], records: &mut Records) -> Result<()> {
    let (wire, subject) = (running.wire(SMALL)?, running.subject);
    let (mut holder, mut other) = (running.connect()?, beside.connect()?);
    round_trip::exchange(&mut other, &wire, MESSAGES / 10)?;
    round_trip::exchange(&mut holder, &wire, MESSAGES / 10)?;
    let mut quiet = round_trip::exchange(&mut holder, &wire, MESSAGES / 2)?;
    let (guesses, ended) = (Guesses::default(), AtomicBool::new(false));
    let (trips, answered, checked) = std::thread::scope(|scope| {
        let guess = || guess(running.http(), &guesses, &ended);
        let guessers: Vec<_> = (0..GUESSERS).map(|_| scope.spawn(guess)).collect();
        std::thread::sleep(BEGUN);
        let (began, before) = (Instant::now(), guesses.counts());
        let trips = round_trip::by_turns(&mut [&mut holder, &mut other], &wire, MESSAGES);
        let (elapsed, after) = (began.elapsed().as_secs_f64(), guesses.counts());
        ended.store(true, Relaxed);
        for guesser in guessers {
            guesser.join().ok().context("a client panicked")??;
        }
        let rate = |before, after| f64::from(after - before) / elapsed;
        anyhow::Ok((trips?, rate(before.0, after.0), rate(before.1, after.1)))
    })?;
    quiet.extend(round_trip::exchange(&mut holder, &wire, MESSAGES / 2)?);
    ensure!(
        answered >= 200.0 && checked > 0.0,
        "{answered:.0} guesses in a second were answered, {checked:.0} checked"
    );
    let measures = [Measure::GuessedP99, Measure::BesideP99, Measure::UnguessedP99];
    for (trips, p99) in trips.into_iter().chain([quiet]).zip(measures) {
        records.add(p99, subject, quantile(&sorted(trips), 0.99));
    }
    records.add(Measure::Checked, subject, checked);
    Ok(())
}

/// Guesses until it is ended.
fn guess(server: SocketAddr, guesses: &Guesses, ended: &AtomicBool) -> Result<()> {
    // On the client's CPU the holder comes first: those who guess would be on machines of their own.
    setpriority_process(None, 19)?;
    // Not all at once.
    let number = guesses.guessers.fetch_add(1, Relaxed);
    let mut next = Instant::now() + EVERY * number / GUESSERS;
    std::thread::sleep(next.saturating_duration_since(Instant::now()));
    while !ended.load(Relaxed) {
        let number = guesses.addresses.fetch_add(1, Relaxed);
        let [_, _, high, low] = number.to_be_bytes();
        let body = format!("nome=pessoa{number}&senha=errada");
        let request = format!(
            "POST /entrar HTTP/1.1\r\nhost: {server}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut stream = connect(server, Ipv4Addr::new(127, 1, high, low.max(1)))?;
        stream.write_all(request.as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let status = answer.get("HTTP/1.1 ".len()..).and_then(|rest| rest.get(..3)).unwrap_or_default();
        ensure!(matches!(status, "401" | "429"), "a guess was answered: {answer}");
        guesses.answered.fetch_add(1, Relaxed);
        guesses.checked.fetch_add(u32::from(status == "401"), Relaxed);
        next = (next + EVERY).max(Instant::now());
        std::thread::sleep(next.saturating_duration_since(Instant::now()));
    }
    Ok(())
}

/// A connection from an address of this machine.
fn connect(server: SocketAddr, from: Ipv4Addr) -> Result<TcpStream> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.bind(&SocketAddr::from((from, 0)).into())?;
    socket.connect(&server.into())?;
    Ok(socket.into())
}
