//! Few who wait and send without end, and what the holder of the turn notices.

use std::io::{self, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::{Scope, ScopedJoinHandle};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::waiting::await_waiting;
use super::{SMALL, quantile, round_trip, sorted};
use crate::client;
use crate::process::Running;
use crate::records::{Measure, Records};
use crate::wire::Flood;

/// Those who wait.
const WAITERS: [Flood; 10] = [
    Flood::UnknownEvents,
    Flood::PingEvents,
    Flood::Pings,
    Flood::EmptyFragments,
    Flood::UnknownEvents,
    Flood::PingEvents,
    Flood::Pings,
    Flood::EmptyFragments,
    Flood::UnknownEvents,
    Flood::PingEvents,
];

/// The flood has filled all buffers after so long.
const FULL: Duration = Duration::from_millis(500);

/// Has ten wait at each server; those of the first send all that it takes, those of the other nothing. The holders
/// speak by turns, so that what else goes on concerns both.
///
/// # Errors
/// When an answer is not as it must be, or one who waits is not let.
pub(crate) fn measure(
    flooded: &Running,
    quiet: &Running,
    messages: usize,
    records: &mut Records,
) -> Result<()> {
    let (wire, subject) = (flooded.wire(SMALL)?, flooded.subject);
    let mut holders = [flooded.connect()?, quiet.connect()?];
    for holder in &mut holders {
        round_trip::exchange(holder, &wire, messages / 10)?;
    }
    let connect = |running: &Running| {
        let waiters = WAITERS.map(|_| running.connect_events()).into_iter().collect::<Result<Vec<_>>>()?;
        await_waiting(running.http(), waiters.len())?;
        anyhow::Ok(waiters)
    };
    let (flooders, _waiters) = (connect(flooded)?, connect(quiet)?);
    let ended = AtomicBool::new(false);
    let (trips, cpu) = std::thread::scope(|scope| {
        let mut floods = Vec::new();
        for (flooder, flood) in flooders.iter().zip(WAITERS) {
            floods.push(start(scope, &flooder.stream, flood, &ended)?);
        }
        std::thread::sleep(FULL);
        let cpu = [flooded.cpu()?, quiet.cpu()?];
        let trips = round_trip::by_turns(&mut holders.each_mut(), &wire, messages);
        let cpu = [flooded.cpu()? - cpu[0], quiet.cpu()? - cpu[1]];
        let waiting = client::waiting(flooded.http());
        // Whoever sleeps until the server reads on is woken.
        ended.store(true, Relaxed);
        for flooder in &flooders {
            let _ = flooder.stream.shutdown(Shutdown::Both);
        }
        for flood in floods {
            flood.join().ok().context("a client panicked")??;
        }
        let waiting = waiting?;
        ensure!(waiting == WAITERS.len() as u64, "{waiting} of those who flood still wait");
        anyhow::Ok((trips?, cpu))
    })?;
    let measures =
        [(Measure::FloodedP99, Measure::FloodedCpu), (Measure::UnfloodedP99, Measure::UnfloodedCpu)];
    for ((trips, cpu), (p99, each)) in trips.into_iter().zip(cpu).zip(measures) {
        records.add(each, subject, cpu as f64 / 1e3 / trips.len() as f64);
        records.add(p99, subject, quantile(&sorted(trips), 0.99));
    }
    Ok(())
}

/// Sends without end, and takes what comes back.
fn start<'scope>(
    scope: &'scope Scope<'scope, '_>,
    stream: &'scope TcpStream,
    flood: Flood,
    ended: &'scope AtomicBool,
) -> Result<ScopedJoinHandle<'scope, Result<()>>> {
    // Back-pressure may hold it up for as long as it likes.
    stream.set_write_timeout(None)?;
    stream.set_read_timeout(None)?;
    scope.spawn(move || io::copy(&mut &*stream, &mut io::sink()));
    let (first, rest) = flood.encode()?;
    Ok(scope.spawn(move || {
        let mut stream = stream;
        let mut sent = stream.write_all(&first);
        while sent.is_ok() {
            sent = stream.write_all(&rest);
        }
        ensure!(ended.load(Relaxed), "{flood:?} was cut: {sent:?}");
        Ok(())
    }))
}
