//! `/metrics` and `/queue`, for operators.

use std::net::SocketAddr;
use std::time::{Duration, Instant, SystemTime};

use rstest::rstest;
use serde_json::{Value, json};

use crate::common::openmetrics::Exposition;
use crate::common::{Client, Kind, Tcp, TestServer, WebSocket, health, http, within};

const FREE: &str = "127.0.0.1:0";

async fn server(configure: impl FnOnce(&mut vez_server::Options)) -> (TestServer, SocketAddr) {
    let server = TestServer::with(|options| {
        options.metrics = FREE.parse().unwrap();
        configure(options);
    })
    .await;
    let metrics = server.metrics.expect("the listener is on");
    (server, metrics)
}

async fn get(address: SocketAddr, path: &str, host: &str) -> String {
    http(address, &format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n")).await
}

/// The head and the body of what is at `path`.
async fn read(address: SocketAddr, path: &str) -> (String, String) {
    let response = get(address, path, &address.to_string()).await;
    let (head, body) = response.split_once("\r\n\r\n").expect("a response has a body");
    assert!(head.starts_with("HTTP/1.1 200"), "{response}");
    (head.to_owned(), body.to_owned())
}

async fn scrape(address: SocketAddr) -> Exposition {
    Exposition::parse(&read(address, "/metrics").await.1)
}

async fn queue(address: SocketAddr) -> Value {
    serde_json::from_str(&read(address, "/queue").await.1).expect("the queue is JSON")
}

/// Those of a family's samples that are not 0, by their label.
fn counted<'a>(exposition: &'a Exposition, name: &str, label: &str) -> Vec<(&'a str, f64)> {
    exposition.by_label(name, label).into_iter().filter(|(_, value)| *value != 0.0).collect()
}

#[tokio::test]
async fn what_happens_is_counted() {
    let (server, metrics) = server(|options| options.queue.queue_length = 1).await;
    let mut holder = server.connect(Kind::Tcp).await;
    holder.chat("um").await;
    holder.chat("dois").await;
    let mut next = WebSocket::connect(server.http, true).await;
    next.expect_place(1).await;
    Tcp::connect(server.tcp).await.rest().await;

    let now = scrape(metrics).await;
    assert_eq!(now.value("vez_queue_depth"), 1.0);
    assert_eq!(now.value("vez_messages_total"), 2.0);
    assert_eq!(counted(&now, "vez_refused_total", "reason"), [("queue_full", 1.0)]);
    assert_eq!(counted(&now, "vez_sessions_total", "end"), []);
    assert_eq!((now.value("vez_wait_seconds_count"), now.value("vez_turn_seconds_count")), (1.0, 0.0));

    holder.leave().await;
    let mut next = Client::WebSocket(Box::new(next));
    next.chat("três").await;
    drop(next);
    server.transcript.sessions(2).await;
    let mut last = Tcp::connect(server.tcp).await;
    last.send(b"\xff").await;
    last.rest().await;
    server.transcript.sessions(3).await;

    let then = scrape(metrics).await;
    assert_eq!(then.value("vez_queue_depth"), 0.0);
    assert_eq!(then.value("vez_messages_total"), 4.0, "sair is a message too");
    assert_eq!(counted(&then, "vez_refused_total", "reason"), [("queue_full", 1.0)]);
    assert_eq!(counted(&then, "vez_sessions_total", "end"), [("farewell", 2.0), ("not_text", 1.0)]);
    assert_eq!((then.value("vez_wait_seconds_count"), then.value("vez_turn_seconds_count")), (3.0, 3.0));
    assert_eq!(then.value("vez_transcript_lost_lines_total"), 0.0);
}

/// Who waits through the holder's idle limit has waited so long, and the holder's turn has taken so long.
#[tokio::test]
async fn waits_and_turns_are_measured() {
    let limit = Duration::from_millis(200);
    let (server, metrics) = server(|options| options.turns.idle_limit = Some(limit)).await;
    let began = Instant::now();
    let mut holder = server.connect(Kind::Tcp).await;
    holder.chat("um").await;
    let mut next = server.connect(Kind::Plain).await;
    next.chat("dois").await;
    let (most, now) = (began.elapsed().as_secs_f64(), scrape(metrics).await);
    assert_eq!(counted(&now, "vez_sessions_total", "end"), [("idle_limit", 1.0)]);
    assert_eq!(now.value("vez_turn_seconds_count"), 1.0);
    let plausible = limit.as_secs_f64()..=most;
    assert!(plausible.contains(&now.value("vez_turn_seconds_sum")), "{:#?} {most}", now.samples);
    assert_eq!(now.value("vez_wait_seconds_count"), 2.0);
    assert!(plausible.contains(&now.value("vez_wait_seconds_sum")), "{:#?} {most}", now.samples);
    assert!(now.value("vez_wait_seconds_bucket{le=\"0.1\"}") <= 1.0, "one of the two has waited longer");
}

#[rstest]
#[case::http("http")]
#[case::address("per_address")]
#[tokio::test]
async fn every_refusal_has_its_reason(#[case] reason: &str) {
    let per_address = (reason == "per_address").then_some(1);
    let (server, metrics) = server(|options| options.queue.per_address = per_address).await;
    let mut holder = server.connect(Kind::Tcp).await;
    holder.chat("um").await;
    let mut next = WebSocket::connect(server.http, true).await;
    next.expect_place(1).await;
    match reason {
        "http" => drop(http(server.tcp, "GET / HTTP/1.1\r\n\r\n").await),
        "per_address" => drop(Tcp::connect(server.tcp).await.rest().await),
        reason => panic!("{reason} is not expected"),
    }
    let now = scrape(metrics).await;
    assert_eq!(counted(&now, "vez_refused_total", "reason"), [(reason, 1.0)]);
}

/// Of 8 connections one is for requests only: the handshake of an eighth visitor finds no place.
#[tokio::test]
async fn a_handshake_that_finds_all_connections_taken_is_a_refusal() {
    let (server, metrics) = server(|options| options.access.connections = Some(8)).await;
    let mut clients = Vec::new();
    for place in 0..7 {
        clients.push(Tcp::connect(server.tcp).await);
        within("a place", async { while health(server.http).await["waiting"] != place {} }).await;
    }
    let handshake = "upgrade: websocket\r\nconnection: Upgrade, close\r\nsec-websocket-version: 13\r\n\
                     sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==";
    let request = format!("GET /ws HTTP/1.1\r\nhost: {}\r\n{handshake}\r\n\r\n", server.http);
    let response = http(server.http, &request).await;
    assert!(response.starts_with("HTTP/1.1 503"), "{response}");
    let now = scrape(metrics).await;
    assert_eq!(counted(&now, "vez_refused_total", "reason"), [("connections", 1.0)]);
}

#[tokio::test]
async fn the_text_is_openmetrics_and_has_every_label_from_the_start() {
    let (_server, metrics) = server(|_| {}).await;
    let (head, text) = read(metrics, "/metrics").await;
    let kind = "content-type: application/openmetrics-text; version=1.0.0; charset=utf-8";
    assert!(head.lines().any(|line| line == kind), "{head}");
    let now = Exposition::parse(&text);
    let ends = now.by_label("vez_sessions_total", "end");
    for end in ["farewell", "ended", "idle_limit", "turn_limit", "shutdown", "unavailable", "error"] {
        assert_eq!(ends.get(end), Some(&0.0), "{ends:?}");
    }
    let refused = now.by_label("vez_refused_total", "reason");
    let reasons = ["connections", "http", "per_address", "per_user", "queue_full", "unavailable"];
    assert!(refused.into_keys().eq(reasons));
}

#[tokio::test]
async fn the_queue_tells_the_longest_wait_and_who_has_the_turn() {
    let (server, metrics) = server(|_| {}).await;
    assert_eq!(queue(metrics).await, json!({"waiting": 0, "longest_wait_seconds": 0.0, "turn": null}));
    let started = SystemTime::now();
    let mut holder = server.connect(Kind::Tcp).await;
    holder.chat("segredo").await;
    let before = Instant::now();
    let mut first = WebSocket::connect(server.http, true).await;
    first.expect_place(1).await;
    let joined = Instant::now();
    // Time has to pass for the two who wait to differ.
    tokio::time::sleep(Duration::from_millis(50)).await;
    let mut second = WebSocket::connect(server.http, true).await;
    second.expect_place(2).await;

    let least = joined.elapsed();
    let (_, text) = read(metrics, "/queue").await;
    let (now, most) = (serde_json::from_str::<Value>(&text).unwrap(), before.elapsed());
    assert!(!text.contains("segredo"), "{text}");
    assert_eq!(now["waiting"], 2);
    let longest = now["longest_wait_seconds"].as_f64().unwrap();
    let rounding = 0.001;
    assert!(longest >= least.as_secs_f64() - rounding && longest <= most.as_secs_f64() + rounding, "{now}");
    assert_eq!(now["turn"]["transport"], "tcp");
    let since = humantime::parse_rfc3339(now["turn"]["since"].as_str().unwrap()).unwrap();
    let second_before = started - Duration::from_secs(1);
    assert!(since >= second_before && since <= SystemTime::now(), "{now}");

    holder.leave().await;
    first.expect_turn().await;
    let then = queue(metrics).await;
    assert_eq!((&then["waiting"], &then["turn"]["transport"]), (&json!(1), &json!("websocket")));
    assert!(then["turn"]["session"].as_u64() > now["turn"]["session"].as_u64(), "{now} {then}");
}

#[tokio::test]
async fn metrics_are_off_unless_asked_for() {
    let server = TestServer::start().await;
    assert_eq!(server.metrics, None);
    for path in ["/metrics", "/queue"] {
        let response = get(server.http, path, "localhost").await;
        assert!(response.starts_with("HTTP/1.1 404"), "{response}");
    }
}

#[rstest]
#[case::metrics("/metrics", "evil.example", "403")]
#[case::queue("/queue", "evil.example", "403")]
#[case::no_host("/metrics", "", "400")]
#[case::allowed("/metrics", "vez.example", "200")]
#[case::page("/", "localhost", "404")]
#[case::websocket("/ws", "localhost", "404")]
#[case::health("/healthz", "localhost", "404")]
#[tokio::test]
async fn the_listener_serves_its_own_hosts_and_nothing_else(
    #[case] path: &str,
    #[case] host: &str,
    #[case] status: &str,
) {
    let (_server, metrics) =
        server(|options| options.access.allow_host = vec!["vez.example".to_owned()]).await;
    let response = get(metrics, path, host).await;
    assert!(response.starts_with(&format!("HTTP/1.1 {status}")), "{response}");
}

/// The binary tells its address in the log, as stdout is the transcript's, and counts what a closed stdout loses.
#[cfg(unix)]
#[tokio::test]
async fn lines_that_a_closed_stdout_loses_are_counted() {
    use crate::common::binary::{Binary, command};
    let mut command = command(&[]);
    command.env("VEZ_METRICS", FREE);
    let mut server = Binary::spawn(command);
    let line = server.wait_for_log("/metrics");
    let (_, rest) = line.split_once("http://").expect("an address");
    let metrics = rest.split('/').next().unwrap().parse().unwrap();
    server.close_stdout();
    let mut client = Tcp::connect(server.tcp).await;
    client.send("um\nsair\n").await;
    client.rest().await;
    server.wait_for_log("the transcript's output failed");
    // Who has a turn now comes after all lines of the session before.
    let mut next = Tcp::connect(server.tcp).await;
    next.send("dois\n").await;
    next.expect("Servidor recebeu: 'dois'\n").await;
    assert_eq!(scrape(metrics).await.value("vez_transcript_lost_lines_total"), 7.0);
}

/// The dashboard shows what is served: every name in it exists, and every family has a panel.
#[tokio::test]
async fn the_dashboard_and_the_metrics_have_the_same_names() {
    let (_server, metrics) = server(|_| {}).await;
    scrape(metrics).await.expect_on_dashboard(|name| !name.starts_with("vez_etcd_"));
}
