//! What operators see of a shared queue.

use std::time::Duration;

use serde_json::Value;
use tokio::time::sleep;
use vez_protocol::ServerEvent;

use super::server_with;
use crate::common::etcd::{Etcd, name};
use crate::common::openmetrics::Exposition;
use crate::common::{TestServer, WebSocket, health, http, within};

async fn read(server: &TestServer, path: &str) -> String {
    let address = server.metrics.expect("the listener is on");
    let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    let response = http(address, &request).await;
    response.split_once("\r\n\r\n").expect("a response has a body").1.to_owned()
}

/// What a server tells of the queue, once it has seen that so many wait: each sees it for itself.
async fn queue_of(server: &TestServer, waiting: u64) -> Value {
    let told = async {
        loop {
            let told: Value = serde_json::from_str(&read(server, "/queue").await).unwrap();
            if told["waiting"] == waiting {
                return told;
            }
            sleep(Duration::from_millis(20)).await;
        }
    };
    within("everybody who waits", told).await
}

#[tokio::test]
async fn every_server_tells_who_has_the_turn_and_how_its_lease_is() {
    let etcd = Etcd::start().await;
    let queue = etcd.queue(&name(), 0);
    let start = async |label: &str| {
        server_with(&format!("{queue}&server={label}"), |options| {
            options.metrics = "127.0.0.1:0".parse().unwrap();
            options.access.user_header = Some("x-user".parse().unwrap());
            options.access.trusted_proxy = vec!["127.0.0.1/32".parse().unwrap()];
            options.access.tcp_anyone = true;
        })
        .await
    };
    let (first, second) = (start("um").await, start("dois").await);
    let mut holder = WebSocket::connect_with(first.http, true, &[("x-user", "maria")]).await;
    holder.expect_turn().await;
    let mut waits = WebSocket::connect_with(second.http, true, &[("x-user", "joão")]).await;
    match waits.event().await {
        ServerEvent::Waiting { position: 1, holder, .. } => assert_eq!(holder.as_deref(), Some("maria")),
        other => panic!("{other:?} instead of a place"),
    }
    let (here, there) = (queue_of(&first, 1).await, queue_of(&second, 1).await);
    assert_eq!((&here["turn"]["server"], &there["turn"]["server"]), (&"um".into(), &"um".into()));
    assert_eq!(here["turn"]["session"], there["turn"]["session"]);
    assert_eq!((&here["turn"]["user"], &there["turn"]["user"]), (&"maria".into(), &"maria".into()));
    assert_eq!(health(second.http).await["queue"], "ok");
    // The watch may tell of a ticket before its own write is confirmed.
    let confirmed = async {
        loop {
            let metrics = Exposition::parse(&read(&second, "/metrics").await);
            if metrics.value("vez_etcd_writes_total") > 0.0 {
                return metrics;
            }
            sleep(Duration::from_millis(20)).await;
        }
    };
    let metrics = within("a write", confirmed).await;
    metrics.expect_on_dashboard(|_| true);
    assert_eq!(metrics.value("vez_etcd_up"), 1.0);
    assert!((0.0..2.0).contains(&metrics.value("vez_etcd_lease_valid_seconds")));
    assert_eq!(metrics.value("vez_etcd_events_total"), 2.0);
    assert_eq!(metrics.value("vez_etcd_writes_total"), 1.0);
    assert_eq!(metrics.value("vez_etcd_failures_total"), 0.0);
}
