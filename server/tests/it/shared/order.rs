//! First come, first served, over all servers.

use tokio::io::AsyncReadExt;

use super::{Recorder, process, server, server_with};
use crate::common::etcd::{Etcd, name};
use crate::common::{Kind, Tcp, WebSocket, within};

#[tokio::test]
async fn turns_go_by_arrival_whichever_server_and_transport() {
    let etcd = Etcd::start().await;
    let queue = etcd.queue(&name(), 0);
    let servers = [server(&queue).await, server(&queue).await, server(&queue).await];
    let mut holder = servers[0].connect(Kind::Tcp).await;
    holder.chat("primeiro").await;
    let mut waiting = Vec::new();
    for number in 0..9 {
        let kind = [Kind::Events, Kind::Tcp, Kind::Plain][number / 3];
        let client = servers[number % 3].connect(kind).await;
        // The next one comes when this one has its place, of which every server knows.
        for server in &servers {
            server.await_waiting(number + 1).await;
        }
        waiting.push(client);
    }
    for (number, mut next) in waiting.into_iter().enumerate() {
        next.say(&format!("sou {number}")).await;
        holder.leave().await;
        next.expect_reply(&format!("Servidor recebeu: 'sou {number}'")).await;
        holder = next;
    }
    holder.leave().await;
}

#[tokio::test]
async fn everybody_knows_its_place_and_moves_up_when_one_leaves_elsewhere() {
    let etcd = Etcd::start().await;
    let queue = etcd.queue(&name(), 0);
    let servers = [server(&queue).await, server(&queue).await, server(&queue).await];
    let mut holder = Tcp::connect(servers[0].tcp).await;
    holder.send("oi\n").await;
    holder.expect("Servidor recebeu: 'oi'\n").await;
    let mut first = WebSocket::connect(servers[1].http, true).await;
    first.expect_place(1).await;
    let mut second = WebSocket::connect(servers[2].http, true).await;
    second.expect_place(2).await;
    let mut third = WebSocket::connect(servers[0].http, true).await;
    third.expect_place(3).await;
    drop(first);
    second.expect_place(1).await;
    third.expect_place(2).await;
    drop(holder);
    second.expect_turn().await;
    third.expect_place(1).await;
}

#[tokio::test]
async fn what_is_behind_has_one_conversation_at_a_time() {
    let etcd = Etcd::start().await;
    let queue = etcd.queue(&name(), 0);
    let behind = Recorder::start().await;
    let connect =
        |options: &mut vez_server::Options| options.behind.connect = Some(behind.url.parse().unwrap());
    let servers = [server_with(&queue, connect).await, server_with(&queue, connect).await];
    let mut clients = Vec::new();
    for number in 0..8 {
        let mut client = Tcp::connect(servers[number % 2].tcp).await;
        client.send(format!("{number}\n")).await;
        clients.push(client);
    }
    let talks = clients.into_iter().enumerate().map(|(number, mut client)| async move {
        client.expect(&format!("{number}\n")).await;
    });
    futures_util::future::join_all(talks).await;
    behind.lines.wait_for("7]").await;
    let text = behind.lines.text();
    let lines: Vec<&str> = text.lines().collect();
    for (turn, lines) in lines.chunks(3).enumerate() {
        assert_eq!((lines[0], lines[2]), (&*format!("[{turn}"), &*format!("{turn}]")), "{text}");
    }
}

#[tokio::test]
async fn the_fencing_token_grows_over_all_servers() {
    let etcd = Etcd::start().await;
    let queue = etcd.queue(&name(), 0);
    let fence = ["--exec", "--", "sh", "-c", "echo $VEZ_FENCE; cat"];
    let servers = [process(&queue, &fence).await, process(&queue, &fence).await];
    let mut latest = 0;
    for turn in 0..6 {
        let mut client = Tcp::connect(servers[turn % 2].tcp).await;
        let mut line = Vec::new();
        while !line.ends_with(b"\n") {
            line.push(within("a line", client.stream.read_u8()).await.unwrap());
        }
        let fence: u64 = String::from_utf8(line).unwrap().trim().parse().unwrap();
        assert!(fence > latest, "{fence} after {latest}");
        latest = fence;
    }
}

#[tokio::test]
async fn a_full_queue_is_full_on_every_server() {
    let etcd = Etcd::start().await;
    let queue = etcd.queue(&name(), 0);
    let one = |options: &mut vez_server::Options| options.queue.queue_length = 1;
    let servers = [server_with(&queue, one).await, server_with(&queue, one).await];
    let mut holder = servers[0].connect(Kind::Tcp).await;
    holder.chat("oi").await;
    let mut waits = WebSocket::connect(servers[1].http, true).await;
    waits.expect_place(1).await;
    let mut refused = WebSocket::connect(servers[0].http, true).await;
    refused.expect_close(1013).await;
}
