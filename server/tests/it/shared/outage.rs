//! Etcd that is away, comes back, and holds what nobody expects.

use etcd_client::{DeleteOptions, PutOptions};
use rustix::process::Signal;
use vez_server::queue::Outage;

use super::{TTL, process, server, server_with};
use crate::common::binary::Binary;
use crate::common::etcd::{Etcd, name};
use crate::common::{Kind, Tcp, WebSocket, wait_for_ready};

#[tokio::test]
async fn a_short_absence_of_etcd_is_not_noticed() {
    let mut etcd = Etcd::start().await;
    let queue = etcd.queue(&name(), 0).replace("ttl=2s", "ttl=20s");
    let servers = [server(&queue).await, server(&queue).await];
    let mut holder = servers[0].connect(Kind::Tcp).await;
    holder.chat("antes").await;
    let mut next = WebSocket::connect(servers[1].http, true).await;
    next.expect_place(1).await;
    etcd.kill(0);
    holder.chat("entretanto").await;
    let mut late = WebSocket::connect(servers[0].http, true).await;
    etcd.restart(0).await;
    holder.chat("depois").await;
    late.expect_place(2).await;
    holder.leave().await;
    next.expect_turn().await;
    late.expect_place(1).await;
}

#[tokio::test]
async fn a_turn_is_lost_when_etcd_is_away_for_long_and_who_waits_stays() {
    let mut etcd = Etcd::start().await;
    let queue = etcd.queue(&name(), 0);
    let servers = [server(&queue).await, server(&queue).await];
    let refusing = server_with(&queue, |options| options.queue.queue_outage = Outage::Refuse).await;
    let mut holder = WebSocket::connect(servers[0].http, true).await;
    holder.say("oi").await;
    holder.expect_reply("Servidor recebeu: 'oi'").await;
    let mut next = WebSocket::connect(servers[1].http, true).await;
    next.expect_place(1).await;
    etcd.kill(0);
    holder.expect_bye("Servidor: a vez se perdeu. Volte para a fila.").await;
    holder.expect_close(1012).await;
    wait_for_ready(servers[1].http, 503).await;
    wait_for_ready(refusing.http, 503).await;
    let mut refused = WebSocket::connect(refusing.http, true).await;
    refused.expect_close(1013).await;
    let mut late = WebSocket::connect(servers[0].http, true).await;
    etcd.restart(0).await;
    next.expect_turn().await;
    late.expect_place(1).await;
    wait_for_ready(servers[0].http, 200).await;
}

/// Then every lease is gone, and with it every place.
#[tokio::test]
async fn an_etcd_that_was_stopped_for_long_loses_places_and_nobody_is_dropped() {
    let etcd = Etcd::start().await;
    let queue = etcd.queue(&name(), 0);
    let servers = [server(&queue).await, server(&queue).await];
    let mut holder = servers[0].connect(Kind::Tcp).await;
    holder.chat("oi").await;
    let mut waiting = Vec::new();
    for number in 0..4 {
        let mut client = WebSocket::connect(servers[number % 2].http, true).await;
        client.expect_place(number + 1).await;
        client.say("oi").await;
        waiting.push(client);
    }
    etcd.signal(Signal::STOP);
    holder.expect_reply("Servidor: a vez se perdeu. Volte para a fila.").await;
    tokio::time::sleep(TTL).await;
    etcd.signal(Signal::CONT);
    let talks = waiting.into_iter().map(|mut client| async move {
        client.expect_reply("Servidor recebeu: 'oi'").await;
        client.say("sair").await;
        client.expect_close(1000).await;
    });
    futures_util::future::join_all(talks).await;
}

#[tokio::test]
async fn a_cluster_whose_leader_dies_goes_on() {
    let mut etcd = Etcd::start_members(3).await;
    let name = name();
    let leader = etcd.leader().await;
    // The holder's server speaks to the leader.
    let long = |first| etcd.queue(&name, first).replace("ttl=2s", "ttl=20s");
    let servers = [server(&long(leader)).await, server(&long(leader + 1)).await];
    let mut holder = servers[0].connect(Kind::Tcp).await;
    holder.chat("antes").await;
    let mut next = WebSocket::connect(servers[1].http, true).await;
    next.expect_place(1).await;
    etcd.kill(leader);
    holder.chat("entretanto").await;
    let mut late = WebSocket::connect(servers[0].http, true).await;
    late.expect_place(2).await;
    holder.leave().await;
    next.expect_turn().await;
    late.expect_place(1).await;
}

#[tokio::test]
async fn what_somebody_writes_there_by_hand_harms_nobody() {
    let etcd = Etcd::start().await;
    let name = name();
    let queue = etcd.queue(&name, 0);
    let mut client = etcd.client().await;
    for key in ["x", "0000000000000001/00000000000000000001", "0000000000000001/1", "\u{7f}/\n"] {
        client.put(format!("{name}/{key}"), "lixo", None).await.unwrap();
    }
    let servers = [server(&queue).await, server(&queue).await];
    let mut holder = servers[0].connect(Kind::Tcp).await;
    holder.chat("oi").await;
    client.put(format!("{name}/7fffffffffffffff/99999999999999999999"), "lixo", None).await.unwrap();
    let mut next = WebSocket::connect(servers[1].http, true).await;
    next.expect_place(1).await;
    holder.leave().await;
    next.expect_turn().await;
}

#[tokio::test]
async fn a_ticket_that_was_deleted_by_hand_is_taken_anew_and_a_turn_is_lost() {
    let etcd = Etcd::start().await;
    let name = name();
    let queue = etcd.queue(&name, 0);
    let server = server(&queue).await;
    let mut holder = WebSocket::connect(server.http, true).await;
    holder.expect_turn().await;
    let mut first = WebSocket::connect(server.http, true).await;
    first.expect_place(1).await;
    let mut second = WebSocket::connect(server.http, true).await;
    second.expect_place(2).await;
    let keys = etcd.keys(&name).await;
    let mut client = etcd.client().await;
    client.delete(&*keys[1], None).await.unwrap();
    second.expect_place(1).await;
    first.expect_place(2).await;
    client.delete(&*keys[0], None).await.unwrap();
    holder.expect_close(1012).await;
    second.expect_turn().await;
    first.expect_place(1).await;
    client.delete(format!("{name}/"), Some(DeleteOptions::new().with_prefix())).await.unwrap();
    second.expect_close(1012).await;
    first.expect_turn().await;
}

/// A key under a server's own lease that it does not know: one that was written late, or by somebody.
#[tokio::test]
async fn a_key_that_nobody_wants_is_deleted_by_its_server() {
    let etcd = Etcd::start().await;
    let name = name();
    let server = server(&etcd.queue(&name, 0)).await;
    let mut holder = server.connect(Kind::Tcp).await;
    holder.chat("oi").await;
    let keys = etcd.keys(&name).await;
    let (lease, _) = keys[0].strip_prefix(&format!("{name}/")).unwrap().split_once('/').unwrap();
    let id = i64::from_str_radix(lease, 16).unwrap();
    let ghost = format!("{name}/{lease}/00000000000000000999");
    etcd.client().await.put(ghost, "", Some(PutOptions::new().with_lease(id))).await.unwrap();
    etcd.wait_for_keys(&name, 1).await;
    holder.chat("ainda").await;
    // One without the lease, where the next ticket is to be.
    let (_, number) = keys[0].rsplit_once('/').unwrap();
    let next = number.parse::<u64>().unwrap() + 1;
    etcd.client().await.put(format!("{name}/{lease}/{next:020}"), "", None).await.unwrap();
    let mut waits = WebSocket::connect(server.http, true).await;
    waits.expect_place(1).await;
    holder.leave().await;
    waits.expect_turn().await;
}

#[tokio::test]
async fn etcd_may_ask_who_the_server_is() {
    let etcd = Etcd::start().await;
    let queue = etcd.queue(&name(), 0);
    let mut client = etcd.client().await;
    client.user_add("root", "segredo", None).await.unwrap();
    client.user_grant_role("root", "root").await.unwrap();
    client.auth_enable().await.unwrap();
    let known = process(&queue, &["--etcd-user", "root:segredo"]).await;
    let mut holder = Tcp::connect(known.tcp).await;
    holder.send("oi\n").await;
    holder.expect("Servidor recebeu: 'oi'\n").await;
    let arguments = ["--queue", &*queue, "--etcd-user", "root:errado"];
    let mut unknown = Binary::start(&arguments).await;
    let line = tokio::task::spawn_blocking(move || unknown.wait_for_log("trying again")).await.unwrap();
    assert!(line.contains("authentication failed") && !line.contains("errado"), "{line}");
}
