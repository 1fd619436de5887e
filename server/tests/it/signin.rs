//! Who may come in: each way in, and each way not in.

use std::net::SocketAddr;
use std::path::Path;

use base64::prelude::{BASE64_STANDARD, Engine};
use rstest::rstest;
use tempfile::TempDir;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::Message;
use vez_protocol::{ByeReason, ClientEvent, ServerEvent};
use vez_server::{Options, Server, Transcript};

use crate::common::{Tcp, TestServer, WebSocket, http, wait_for_ready, within};

/// A file in which `maria` has the password `segredo`, and `joão` has `outra`.
fn accounts() -> (TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("htpasswd");
    write(&path, &[("maria", "segredo"), ("joão", "outra")]);
    (folder, path)
}

fn write(path: &Path, names: &[(&str, &str)]) {
    let line = |(name, password): &(&str, &str)| format!("{name}:{}\n", bcrypt::hash(password, 4).unwrap());
    std::fs::write(path, names.iter().map(line).collect::<String>()).unwrap();
}

async fn server_with(configure: impl FnOnce(&mut Options)) -> (TestServer, TempDir) {
    let (folder, path) = accounts();
    let server = TestServer::with(|options| {
        options.access.htpasswd = Some(path);
        options.access.tcp_anyone = true;
        configure(options);
    })
    .await;
    (server, folder)
}

async fn server() -> (TestServer, TempDir) {
    server_with(|_| {}).await
}

fn basic(name: &str, password: &str) -> String {
    format!("authorization: Basic {}\r\n", BASE64_STANDARD.encode(format!("{name}:{password}")))
}

async fn get(address: SocketAddr, path: &str, headers: &str) -> String {
    http(address, &format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{headers}\r\n"))
        .await
}

async fn post(address: SocketAddr, path: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
    );
    http(address, &request).await
}

/// The header that shows the cookie which a response set.
fn cookie(response: &str) -> String {
    let set = response.lines().find_map(|line| line.strip_prefix("set-cookie: ")).expect(response);
    format!("cookie: a=b; {}\r\n", set.split(';').next().unwrap())
}

async fn sign_in(address: SocketAddr) -> String {
    let response = post(address, "/entrar", "", "nome=maria&senha=segredo").await;
    assert!(response.starts_with("HTTP/1.1 303 ") && response.contains("location: /\r\n"), "{response}");
    cookie(&response)
}

/// The status of a handshake, with the socket if there is one.
async fn handshake(address: SocketAddr, header: &str) -> Result<WebSocket, u16> {
    let stream = within("a connection", tokio::net::TcpStream::connect(address)).await.unwrap();
    let mut request = format!("ws://{address}/ws").into_client_request().unwrap();
    if let Some((name, value)) = header.trim().split_once(": ") {
        let name = tokio_tungstenite::tungstenite::http::HeaderName::from_bytes(name.as_bytes()).unwrap();
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    match within("the handshake", client_async(request, stream)).await {
        Ok((stream, _)) => Ok(WebSocket { stream, events: false }),
        Err(Error::Http(response)) => Err(response.status().as_u16()),
        Err(error) => panic!("{error}"),
    }
}

async fn talk(socket: Result<WebSocket, u16>) {
    let mut socket = socket.expect("it comes in");
    socket.say("oi").await;
    socket.expect_reply("Servidor recebeu: 'oi'").await;
    socket.say("sair").await;
    socket.expect_bye("Servidor: Desconectando...").await;
    socket.expect_close(1000).await;
}

#[tokio::test]
async fn a_tool_with_the_right_password_comes_in_and_its_name_is_in_the_transcript() {
    let (server, _folder) = server().await;
    talk(handshake(server.http, &basic("maria", "segredo")).await).await;
    talk(handshake(server.http, &basic("joão", "outra")).await).await;
    let lines = server.transcript.sessions(2).await;
    assert!(
        lines[0].starts_with("Conectado por ('127.0.0.1', ") && lines[0].ends_with(") maria"),
        "{lines:?}"
    );
    assert!(lines.last().unwrap().ends_with(") joão encerrada."), "{lines:?}");
}

#[rstest]
#[case::no_name("")]
#[case::wrong_password(&basic("maria", "Segredo"))]
#[case::anothers_password(&basic("maria", "outra"))]
#[case::unknown_name(&basic("ninguém", "segredo"))]
#[case::nothing(&basic("", ""))]
#[case::no_base64("authorization: Basic $$$\r\n")]
#[case::another_scheme("authorization: Bearer segredo\r\n")]
#[case::garbage_cookie("cookie: vez_conta=bWFyaWE.ffffffff.0000000000000000.AAAA\r\n")]
#[case::a_header_that_anybody_can_write("x-user: maria\r\n")]
#[tokio::test]
async fn whoever_is_not_known_does_not_come_in(#[case] header: &str) {
    let (server, _folder) = server().await;
    assert_eq!(handshake(server.http, header).await.err(), Some(401));
    let response = get(server.http, "/ws", header).await;
    assert!(response.contains("www-authenticate: Basic realm=\"Vez\""), "{response}");
    for path in ["/", "/index.html", "/conta", "/nada"] {
        let response = get(server.http, path, header).await;
        assert!(response.starts_with("HTTP/1.1 401 "), "{path}: {response}");
    }
    assert!(!crate::common::health(server.http).await["serving"].as_bool().unwrap());
}

#[tokio::test]
async fn the_form_gives_a_cookie_that_comes_in_until_it_is_ended() {
    let (server, _folder) = server().await;
    let form = get(server.http, "/", "accept-language: en\r\n").await;
    assert!(form.contains("<form method=\"post\" action=\"/entrar\">") && form.contains("Sign in"), "{form}");
    assert!(form.contains("content-security-policy: default-src 'none'"), "{form}");
    let led = get(server.http, "/entrar", "").await;
    assert!(led.starts_with("HTTP/1.1 303 ") && led.contains("location: /\r\n"), "{led}");
    let wrong = post(server.http, "/entrar", "", "nome=maria&senha=errada").await;
    assert!(wrong.starts_with("HTTP/1.1 401 ") && wrong.contains("role=\"alert\""), "{wrong}");
    assert!(!wrong.contains("set-cookie"), "{wrong}");

    let cookie = sign_in(server.http).await;
    let other = sign_in(server.http).await;
    talk(handshake(server.http, &cookie).await).await;
    let page = get(server.http, "/conta", &cookie).await;
    assert!(page.contains("<strong>maria</strong>") && page.contains("Sair da conta"), "{page}");

    let out = post(server.http, "/sair-da-conta", &cookie, "").await;
    assert!(out.starts_with("HTTP/1.1 303 ") && out.contains("set-cookie: vez_conta=; "), "{out}");
    assert!(out.contains("clear-site-data: \"cache\", \"storage\"\r\n"), "{out}");
    assert_eq!(handshake(server.http, &cookie).await.err(), Some(401), "a cookie that was ended");
    talk(handshake(server.http, &other).await).await;
}

#[tokio::test]
async fn a_cookie_is_out_of_reach_of_scripts_and_other_pages() {
    let (server, _folder) = server().await;
    let response = post(server.http, "/entrar", "", "nome=maria&senha=segredo").await;
    for flag in ["; HttpOnly", "; SameSite=Strict", "; Path=/", "; Max-Age=43200"] {
        assert!(response.contains(flag), "{response}");
    }
    // Another page can neither sign anybody in nor out.
    let foreign = "origin: https://evil.example\r\n";
    let response = post(server.http, "/entrar", foreign, "nome=maria&senha=segredo").await;
    assert!(response.starts_with("HTTP/1.1 403 ") && !response.contains("set-cookie"), "{response}");
    let cookie = sign_in(server.http).await;
    let response = post(server.http, "/sair-da-conta", &format!("{foreign}{cookie}"), "").await;
    assert!(response.starts_with("HTTP/1.1 403 "), "{response}");
    talk(handshake(server.http, &cookie).await).await;
}

#[tokio::test]
async fn a_cookie_that_was_changed_or_is_anothers_does_not_come_in() {
    let (first, _folder) = server().await;
    let (second, _other) = server().await;
    let cookie = sign_in(first.http).await;
    assert_eq!(handshake(second.http, &cookie).await.err(), Some(401), "another server's");
    let changed = cookie.replace("vez_conta=b", "vez_conta=c");
    assert_ne!(changed, cookie);
    assert_eq!(handshake(first.http, &changed).await.err(), Some(401));
}

#[tokio::test]
async fn too_many_wrong_passwords_are_not_looked_at_and_those_signed_in_go_on() {
    let (server, _folder) = server().await;
    let cookie = sign_in(server.http).await;
    for _ in 0..10 {
        assert_eq!(handshake(server.http, &basic("maria", "x")).await.err(), Some(401));
    }
    assert_eq!(handshake(server.http, &basic("maria", "segredo")).await.err(), Some(429));
    let response = post(server.http, "/entrar", "", "nome=maria&senha=segredo").await;
    assert!(response.starts_with("HTTP/1.1 429 "), "{response}");
    talk(handshake(server.http, &cookie).await).await;
}

#[tokio::test]
async fn a_holder_is_answered_while_others_guess() {
    let (server, _folder) = server().await;
    let mut holder = handshake(server.http, &basic("maria", "segredo")).await.unwrap();
    let guesses = (0..40).map(|_| post(server.http, "/entrar", "", "nome=maria&senha=errada"));
    let guessing = tokio::spawn(futures_util::future::join_all(guesses.collect::<Vec<_>>()));
    for _ in 0..20 {
        holder.say("oi").await;
        holder.expect_reply("Servidor recebeu: 'oi'").await;
    }
    let answers = within("the guesses", guessing).await.unwrap();
    assert!(answers.iter().all(|answer| answer.starts_with("HTTP/1.1 4")), "{answers:?}");
    assert!(answers.iter().any(|answer| answer.starts_with("HTTP/1.1 429 ")), "{answers:?}");
}

#[tokio::test]
async fn a_trusted_proxy_says_who_somebody_is_and_nobody_else_does() {
    let header = |options: &mut Options| {
        options.access.user_header = Some("x-user".parse().unwrap());
        options.access.tcp_anyone = true;
    };
    let trusted = TestServer::with(|options| {
        header(options);
        options.access.trusted_proxy = vec!["127.0.0.1/32".parse().unwrap()];
    })
    .await;
    talk(handshake(trusted.http, "x-user: maria").await).await;
    assert_eq!(handshake(trusted.http, "").await.err(), Some(401));
    assert_eq!(handshake(trusted.http, "x-user: ").await.err(), Some(401));
    let other = TestServer::with(|options| {
        header(options);
        options.access.trusted_proxy = vec!["192.0.2.1/32".parse().unwrap()];
    })
    .await;
    assert_eq!(handshake(other.http, "x-user: maria").await.err(), Some(401));
}

#[tokio::test]
async fn one_name_has_so_many_seats_and_no_more() {
    let server = TestServer::with(|options| {
        options.access.user_header = Some("x-user".parse().unwrap());
        options.access.trusted_proxy = vec!["127.0.0.1/32".parse().unwrap()];
        options.access.tcp_anyone = true;
        options.access.per_user = Some(1);
    })
    .await;
    let come = async |user| WebSocket::connect_with(server.http, true, &[("x-user", user)]).await;
    let mut maria = come("maria").await;
    let (token, _) = maria.expect_seat().await;
    maria.expect_turn().await;
    let mut again = come("maria").await;
    let bye = again.event().await;
    assert!(matches!(bye, ServerEvent::Bye { reason: ByeReason::PerUser, .. }), "{bye:?}");
    again.expect_close(1013).await;
    let mut jonas = come("jonas").await;
    jonas.expect_place(1).await;
    // Who comes back to its seat has it already.
    drop(maria);
    let offer = format!("vez.v1, vez.seat.{token}.0");
    let headers = [("x-user", "maria"), ("sec-websocket-protocol", offer.as_str())];
    let mut maria = WebSocket::connect_with(server.http, true, &headers).await;
    maria.expect_turn().await;
    maria.send(Message::text(ClientEvent::Leave.to_json())).await;
    maria.expect_bye("Servidor: Desconectando...").await;
    jonas.expect_turn().await;
    let mut maria = come("maria").await;
    maria.expect_place(1).await;
}

/// The names in the next `waiting`: who has the turn.
async fn holder(socket: &mut WebSocket, place: usize) -> Option<String> {
    match socket.event().await {
        ServerEvent::Waiting { position, holder, .. } if position == place => holder.map(Into::into),
        other => panic!("{other:?} instead of place {place}"),
    }
}

#[tokio::test]
async fn who_waits_sees_who_has_the_turn_and_operators_do() {
    let (server, _folder) = server_with(|options| options.metrics = "127.0.0.1:0".parse().unwrap()).await;
    let come = async |name, password| {
        let password = basic(name, password);
        let (_, value) = password.trim().split_once(": ").unwrap();
        WebSocket::connect_with(server.http, true, &[("authorization", value)]).await
    };
    let mut maria = come("maria", "segredo").await;
    match maria.any_event().await {
        ServerEvent::Seat { user, .. } => assert_eq!(user.as_deref(), Some("maria")),
        other => panic!("{other:?} instead of a seat"),
    }
    maria.expect_turn().await;
    let mut joao = come("joão", "outra").await;
    assert_eq!(holder(&mut joao, 1).await.as_deref(), Some("maria"));
    let mut third = come("maria", "segredo").await;
    assert_eq!(holder(&mut third, 2).await.as_deref(), Some("maria"));
    let turn = get(server.metrics.unwrap(), "/queue", "").await;
    assert!(turn.contains(r#""user":"maria""#), "{turn}");
    maria.send(Message::text(ClientEvent::Leave.to_json())).await;
    joao.expect_turn().await;
    assert_eq!(holder(&mut third, 1).await.as_deref(), Some("joão"));
    // Who came without a name has none to be shown.
    let mut nobody = Tcp::connect(server.tcp).await;
    server.await_waiting(2).await;
    joao.send(Message::text(ClientEvent::Leave.to_json())).await;
    third.send(Message::text(ClientEvent::Leave.to_json())).await;
    nobody.send("oi\n").await;
    nobody.expect("Servidor recebeu: 'oi'\n").await;
    let mut last = come("joão", "outra").await;
    assert_eq!(holder(&mut last, 1).await, None);
    let turn = get(server.metrics.unwrap(), "/queue", "").await;
    assert!(turn.contains(r#""transport":"tcp""#) && !turn.contains("user"), "{turn}");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_program_knows_who_it_talks_to() {
    let (server, _folder) = server_with(|options| {
        options.behind.exec = true;
        options.behind.program = ["sh", "-c", "echo \"olá, $VEZ_USER\"; cat"].map(Into::into).into();
    })
    .await;
    let mut socket = handshake(server.http, &basic("joão", "outra")).await.unwrap();
    socket.expect_reply("olá, joão").await;
    drop(socket);
    let mut anybody = Tcp::connect(server.tcp).await;
    anybody.send("\n").await;
    anybody.expect("olá, \n").await;
}

#[tokio::test]
async fn load_balancers_need_no_name() {
    let (server, _folder) = server().await;
    assert!(get(server.http, "/healthz", "").await.starts_with("HTTP/1.1 200 "));
    // A queue in etcd is reached a moment after the server listens.
    wait_for_ready(server.http, 200).await;
}

#[rstest]
#[case::raw_tcp_is_open(|options: &mut Options| options.access.tcp_anyone = false, "--tcp off")]
#[case::nobody_may_say_it(|options: &mut Options| {
    options.access.user_header = Some("x-user".parse().unwrap());
}, "--trusted-proxy")]
#[case::no_file(|options: &mut Options| options.access.htpasswd = Some("/nada/aqui".into()), "htpasswd -B")]
#[tokio::test]
async fn what_would_let_everybody_in_is_refused_at_start(
    #[case] configure: fn(&mut Options),
    #[case] advice: &str,
) {
    let (_folder, path) = accounts();
    let mut options = Options {
        tcp: "127.0.0.1:0".parse().unwrap(),
        http: "127.0.0.1:0".parse().unwrap(),
        ..Options::default()
    };
    options.access.htpasswd = Some(path);
    options.access.tcp_anyone = true;
    configure(&mut options);
    let refused = Server::bind(options, Transcript::new(std::io::sink()).unwrap()).unwrap_err().to_string();
    assert!(refused.contains(advice), "{refused}");
}

/// Read again on SIGHUP; a broken file changes nothing.
#[cfg(unix)]
#[tokio::test]
async fn who_may_come_in_is_read_again() {
    use crate::common::binary::Binary;
    use rustix::process::Signal;
    let (_folder, path) = accounts();
    let mut server = Binary::start(&["--htpasswd", path.to_str().unwrap(), "--tcp-anyone"]).await;
    let cookie = sign_in(server.http).await;
    write(&path, &[("ana", "nova")]);
    server.signal(Signal::HUP);
    server.wait_for_log("read again who may come in");
    talk(handshake(server.http, &basic("ana", "nova")).await).await;
    assert_eq!(handshake(server.http, &cookie).await.err(), Some(401), "her name is gone");
    std::fs::write(&path, "ana:nova\n").unwrap();
    server.signal(Signal::HUP);
    assert!(server.wait_for_log("who may come in is as before").contains("line 1"));
    talk(handshake(server.http, &basic("ana", "nova")).await).await;
}

/// A file that Apache's program made.
#[cfg(unix)]
#[tokio::test]
async fn apaches_htpasswd_writes_such_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("htpasswd");
    let mut command = std::process::Command::new("htpasswd");
    let Ok(output) = command.args(["-B", "-b", "-c"]).arg(&path).args(["maria", "segredo"]).output() else {
        eprintln!("skipped: htpasswd is not installed");
        return;
    };
    assert!(output.status.success());
    let server = TestServer::with(|options| {
        options.access.htpasswd = Some(path);
        options.access.tcp_anyone = true;
    })
    .await;
    talk(handshake(server.http, &basic("maria", "segredo")).await).await;
    assert_eq!(handshake(server.http, &basic("maria", "outra")).await.err(), Some(401));
}
