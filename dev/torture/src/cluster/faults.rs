//! Faults, one after the other, with quiet between them.

use std::time::Duration;

use anyhow::Result;
use tokio::time::{Instant, sleep};

use super::etcd::Etcd;
use super::history::{Event, Fault, History};
use super::servers::Server;

/// How much longer a flush takes on a slow disk.
const SLOW: Duration = Duration::from_millis(300);

/// The strokes in which members are stopped where their disk cannot be slowed down.
const STROKE: Duration = Duration::from_millis(150);

/// Has faults happen until `end`, each kind as often as any other; whether the disk could be slowed down.
///
/// # Errors
/// When something cannot be mended.
pub(super) async fn happen(
    etcd: &mut Etcd,
    servers: &mut [Server],
    history: &History,
    ttl: Duration,
    end: Instant,
    rng: &mut fastrand::Rng,
) -> Result<bool> {
    let mut slowed = true;
    loop {
        let mut faults = Fault::ALL;
        rng.shuffle(&mut faults);
        for fault in faults {
            sleep(ttl * 2 + Duration::from_millis(rng.u64(0..1000))).await;
            if Instant::now() >= end {
                return Ok(slowed);
            }
            let unlucky = history.talks().and_then(|client| history.server_of(client));
            let unlucky = unlucky.unwrap_or(rng.usize(..servers.len()));
            let all = (0..servers.len()).collect();
            match fault {
                Fault::LeaderKilled => {
                    let leader = etcd.leader().await.unwrap_or_default();
                    history.saw(Event::Fault { fault, servers: Vec::new() });
                    etcd.kill(leader)?;
                    sleep(ttl).await;
                    etcd.mend().await?;
                }
                Fault::ServerKilled => {
                    history.saw(Event::Fault { fault, servers: vec![unlucky] });
                    servers[unlucky].kill_and_start(ttl * 2).await?;
                }
                Fault::ServerStopped => {
                    history.saw(Event::Fault { fault, servers: vec![unlucky] });
                    servers[unlucky].stop(true)?;
                    sleep(ttl * 3).await;
                    servers[unlucky].stop(false)?;
                }
                Fault::ServerCutOff => {
                    history.saw(Event::Fault { fault, servers: vec![unlucky] });
                    servers[unlucky].gate.set(false);
                    sleep(ttl * 2).await;
                    servers[unlucky].gate.set(true);
                }
                Fault::EtcdAway => {
                    history.saw(Event::Fault { fault, servers: all });
                    (0..3).try_for_each(|member| etcd.kill(member))?;
                    sleep(ttl + ttl / 2).await;
                    etcd.mend().await?;
                }
                Fault::SlowDisk => {
                    history.saw(Event::Fault { fault, servers: all });
                    slowed = slow_down(etcd, ttl * 2).await? && slowed;
                }
            }
            for server in &*servers {
                server.await_ready().await?;
            }
            history.saw(Event::Mended);
        }
    }
}

async fn slow_down(etcd: &Etcd, time: Duration) -> Result<bool> {
    if let Some(mut slow) = etcd.slow_disk(SLOW) {
        sleep(time).await;
        if slow.works() {
            return Ok(true);
        }
    }
    let end = Instant::now() + time;
    while Instant::now() < end {
        etcd.stop(true)?;
        sleep(STROKE).await;
        etcd.stop(false)?;
        sleep(STROKE / 3).await;
    }
    Ok(false)
}
