//! Servers that die, stop, and end.

use std::time::Duration;

use rstest::rstest;
use rustix::process::Signal;

use super::{Recorder, TTL, process, rest, soon};
use crate::common::etcd::{Etcd, name};
use crate::common::{Tcp, WebSocket};

/// What a busy machine may take beyond what is promised.
const SLACK: Duration = Duration::from_secs(5);

#[tokio::test]
async fn who_waits_elsewhere_has_the_turn_soon_after_its_server_was_killed() {
    let etcd = Etcd::start().await;
    let queue = etcd.queue(&name(), 0);
    let (mut first, second) = (process(&queue, &[]).await, process(&queue, &[]).await);
    let mut holder = Tcp::connect(first.tcp).await;
    holder.send("oi\n").await;
    holder.expect("Servidor recebeu: 'oi'\n").await;
    let mut behind = WebSocket::connect(first.http, true).await;
    behind.expect_place(1).await;
    let mut next = WebSocket::connect(second.http, true).await;
    next.expect_place(2).await;
    first.child.kill().unwrap();
    first.child.wait().unwrap();
    let took = soon("the next turn", TTL + Duration::from_secs(1) + SLACK, next.expect_turn()).await;
    println!("the next turn began {took:?} after its server was killed, at a TTL of {TTL:?}");
}

/// Nothing that its client had said before, and that lay in the server's sockets, arrives.
#[rstest]
#[case::a_stream(&["--framing", "raw"])]
#[case::lines(&["--framing", "line"])]
#[tokio::test]
async fn a_server_that_was_stopped_with_the_turn_writes_nothing_more(#[case] framing: &[&str]) {
    let etcd = Etcd::start().await;
    let queue = etcd.queue(&name(), 0);
    let behind = Recorder::start().await;
    let arguments = [&["--connect", &*behind.url], framing].concat();
    let (first, second) = (process(&queue, &arguments).await, process(&queue, &arguments).await);
    let mut holder = Tcp::connect(first.tcp).await;
    holder.send("antes\n").await;
    holder.expect("antes\n").await;
    let mut next = Tcp::connect(second.tcp).await;
    next.send("depois\n").await;
    etcd.wait_for_keys(&queue_name(&queue), 2).await;
    first.signal(Signal::STOP);
    holder.send("tarde demais\n").await;
    soon("the next turn", TTL + Duration::from_secs(1) + SLACK, next.expect("depois\n")).await;
    tokio::time::sleep(2 * TTL).await;
    first.signal(Signal::CONT);
    let last = rest(&mut holder).await;
    assert!(last.is_empty() || last == "Servidor: a vez se perdeu. Volte para a fila.\n", "{last:?}");
    next.send("ainda\n").await;
    next.expect("ainda\n").await;
    let text = behind.lines.text();
    assert!(!text.contains("tarde demais"), "{text}");
    assert!(text.contains("0]"), "the stale connection was closed: {text}");
}

#[tokio::test]
async fn a_program_of_a_server_that_was_stopped_is_killed_and_told_nothing_more() {
    let etcd = Etcd::start().await;
    let queue = etcd.queue(&name(), 0);
    let folder = tempfile::tempdir().unwrap();
    let said = folder.path().join("said");
    let script = format!("tee -a {}", said.display());
    let arguments = ["--exec", "--", "sh", "-c", &script];
    let (first, second) = (process(&queue, &arguments).await, process(&queue, &arguments).await);
    let mut holder = WebSocket::connect(first.http, true).await;
    holder.say("antes").await;
    holder.expect_reply("antes").await;
    let mut next = WebSocket::connect(second.http, true).await;
    next.expect_place(1).await;
    first.signal(Signal::STOP);
    holder.say("tarde demais").await;
    soon("the next turn", TTL + Duration::from_secs(1) + SLACK, next.expect_turn()).await;
    first.signal(Signal::CONT);
    holder.expect_bye("Servidor: a vez se perdeu. Volte para a fila.").await;
    holder.expect_close(1012).await;
    next.say("depois").await;
    next.expect_reply("depois").await;
    assert_eq!(std::fs::read_to_string(said).unwrap(), "antes\ndepois\n");
}

#[tokio::test]
async fn a_server_that_ends_leaves_nothing_and_nobody_waits_for_its_lease() {
    let etcd = Etcd::start().await;
    let name = name();
    // So long that nobody waits for it here.
    let queue = etcd.queue(&name, 0).replace("ttl=2s", "ttl=60s");
    let (mut first, second) = (process(&queue, &["--drain", "2s"]).await, process(&queue, &[]).await);
    let mut holder = WebSocket::connect(first.http, true).await;
    holder.say("oi").await;
    holder.expect_reply("Servidor recebeu: 'oi'").await;
    let mut waits = WebSocket::connect(first.http, true).await;
    waits.expect_place(1).await;
    let mut next = WebSocket::connect(second.http, true).await;
    next.expect_place(2).await;
    first.signal(Signal::TERM);
    waits.expect_bye("Servidor: encerrando.").await;
    waits.expect_close(1001).await;
    holder.say("ainda").await;
    holder.expect_reply("Servidor recebeu: 'ainda'").await;
    // It stays until the drain is over, and is the last to leave.
    holder.expect_bye("Servidor: encerrando.").await;
    next.expect_turn().await;
    assert!(tokio::task::spawn_blocking(move || first.child.wait().unwrap().success()).await.unwrap());
    assert_eq!((etcd.keys(&name).await.len(), etcd.leases().await), (1, 1));
}

fn queue_name(queue: &str) -> String {
    let (_, rest) = queue.rsplit_once('/').unwrap();
    rest.split('?').next().unwrap().to_owned()
}
