//! HTTP: the page and its headers, the handshake's refusals, garbage.

use crate::common::{TestServer, health, http};
use rstest::rstest;

async fn get(server: &TestServer, path: &str, headers: &str) -> String {
    let host = server.http;
    http(server.http, &format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{headers}\r\n"))
        .await
}

fn header<'a>(response: &'a str, name: &str) -> &'a str {
    let line = response.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    line.unwrap_or_else(|| panic!("no {name} in {response}"))
}

#[tokio::test]
async fn the_page_comes_with_a_strict_policy_and_a_name_for_its_bytes() {
    let server = TestServer::start().await;
    let page = get(&server, "/", "").await;
    assert!(page.starts_with("HTTP/1.1 200"), "{page}");
    assert_eq!(header(&page, "content-type"), "text/html; charset=utf-8");
    assert_eq!(header(&page, "x-content-type-options"), "nosniff");
    assert_eq!(header(&page, "cache-control"), "no-cache");
    let policy = header(&page, "content-security-policy");
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe-inline"), "{policy}");
    let etag = header(&page, "etag");
    for known in [etag.to_owned(), format!("\"x\", W/{etag}"), "*".to_owned()] {
        let again = get(&server, "/index.html", &format!("if-none-match: {known}\r\n")).await;
        assert!(again.starts_with("HTTP/1.1 304"), "{again}");
    }
    let other = get(&server, "/", "if-none-match: \"x\"\r\n").await;
    assert!(other.starts_with("HTTP/1.1 200"), "{other}");
}

#[rstest]
#[case("br", Some("br"))]
#[case("gzip, deflate, br", Some("br"))]
#[case("gzip", Some("gzip"))]
#[case("br;q=0, gzip;q=0.5", Some("gzip"))]
#[case("identity", None)]
#[tokio::test]
async fn the_page_is_compressed_as_the_client_likes(#[case] accepted: &str, #[case] encoding: Option<&str>) {
    let server = TestServer::start().await;
    let request = format!(
        "HEAD / HTTP/1.1\r\nhost: {}\r\nconnection: close\r\naccept-encoding: {accepted}\r\n\r\n",
        server.http
    );
    let head = http(server.http, &request).await;
    let sent = head.lines().find_map(|line| line.strip_prefix("content-encoding: "));
    assert_eq!(sent, encoding);
    assert_eq!(header(&head, "vary"), "accept-encoding");
}

#[tokio::test]
async fn other_paths_and_methods_get_their_refusals() {
    let server = TestServer::start().await;
    assert!(get(&server, "/nada", "").await.starts_with("HTTP/1.1 404"));
    assert!(get(&server, "/../Cargo.toml", "").await.starts_with("HTTP/1.1 404"));
    let host = server.http;
    let post = format!("POST / HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
    assert!(http(host, &post).await.starts_with("HTTP/1.1 405"));
}

#[tokio::test]
async fn plain_http_on_the_websockets_path_is_told_to_upgrade() {
    let server = TestServer::start().await;
    let response = get(&server, "/ws", "").await;
    assert!(response.starts_with("HTTP/1.1 426"), "{response}");
    assert_eq!(header(&response, "upgrade"), "websocket");
    assert_eq!(header(&response, "sec-websocket-version"), "13");
}

#[rstest]
#[case::another_version("sec-websocket-version: 8\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n", "426")]
#[case::no_key("sec-websocket-version: 13\r\n", "400")]
#[tokio::test]
async fn a_malformed_handshake_is_refused(#[case] headers: &str, #[case] status: &str) {
    let server = TestServer::start().await;
    let request = format!(
        "GET /ws HTTP/1.1\r\nhost: {}\r\nupgrade: websocket\r\nconnection: Upgrade, close\r\n{headers}\r\n",
        server.http
    );
    let response = http(server.http, &request).await;
    assert!(response.starts_with(&format!("HTTP/1.1 {status}")), "{response}");
    assert_eq!(health(server.http).await["serving"], false, "a refused handshake takes no place");
}

#[tokio::test]
async fn garbage_is_refused_and_concerns_nobody_else() {
    let server = TestServer::start().await;
    for garbage in ["olá\r\n\r\n", "\x16\x03\x01\x02\0\x01\0\r\n\r\n", "GET / HTTP/9.9\r\n\r\n"] {
        let response = http(server.http, garbage).await;
        assert!(response.starts_with("HTTP/1.1 400") || response.is_empty(), "{response}");
    }
    let long = format!("GET / HTTP/1.1\r\nhost: localhost\r\nx: {}\r\n\r\n", "x".repeat(20_000));
    let response = http(server.http, &long).await;
    assert!(response.starts_with("HTTP/1.1 431"), "{response}");
    assert_eq!(health(server.http).await["status"], "ok");
}

#[tokio::test]
async fn a_header_that_never_ends_is_given_up() {
    let server =
        TestServer::with(|options| options.requests.header_time = std::time::Duration::from_millis(100))
            .await;
    let response = http(server.http, "GET / HTTP/1.1\r\nhost: ").await;
    assert!(response.is_empty() || response.starts_with("HTTP/1.1 408"), "{response}");
}

/// The tricks themselves are tried on the guard; this shows that it stands before everything.
#[rstest]
#[case::page("/", "evil.example", "", "403")]
#[case::health("/healthz", "evil.example", "", "403")]
#[case::handshake("/ws", "evil.example", "upgrade: websocket\r\n", "403")]
#[case::absolute("http://evil.example/", "localhost", "", "403")]
#[case::no_host("/", "", "", "400")]
#[case::allowed("/", "vez.example", "", "200")]
#[tokio::test]
async fn only_this_servers_hosts_are_served(
    #[case] target: &str,
    #[case] host: &str,
    #[case] headers: &str,
    #[case] status: &str,
) {
    let server = TestServer::with(|options| options.access.allow_host = vec!["vez.example".to_owned()]).await;
    let request = format!("GET {target} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{headers}\r\n");
    let response = http(server.http, &request).await;
    assert!(response.starts_with(&format!("HTTP/1.1 {status}")), "{response}");
    assert_eq!(response.contains("--allow-host evil.example"), status == "403", "{response}");
}

#[rstest]
#[case::own("http://HOST", true)]
#[case::allowed("https://outro.example", true)]
#[case::other("http://evil.example", false)]
#[case::null("null", false)]
#[tokio::test]
async fn only_this_hosts_pages_may_open_a_websocket(#[case] origin: &str, #[case] accepted: bool) {
    let server = TestServer::with(|options| {
        options.access.allow_origin = vec!["https://outro.example".parse().unwrap()]
    })
    .await;
    let origin = origin.replace("HOST", &server.http.to_string());
    let request = format!(
        "GET /ws HTTP/1.1\r\nhost: {}\r\norigin: {origin}\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        server.http
    );
    let mut client = crate::common::Tcp::connect(server.http).await;
    client.send(request).await;
    client.expect(if accepted { "HTTP/1.1 101" } else { "HTTP/1.1 403" }).await;
    assert_eq!(health(server.http).await["serving"], accepted);
}
