//! Clients that were not written here: Python's `websockets`, wscat, curl, and a client that does what the report's does.

use std::process::{Output, Stdio};

use rstest::rstest;
use tokio::process::Command;

use crate::common::{TestServer, within};

/// Runs a Python program to its end and returns what it printed.
async fn python(program: &str, arguments: &[String]) -> String {
    let output = within("the Python program", run_python(program, arguments).output()).await;
    let output = output.expect("Python starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn run_python(program: &str, arguments: &[String]) -> Command {
    let python = std::env::var("VEZ_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let mut command = Command::new(python);
    command.arg("-c").arg(program).args(arguments).stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// The report's conversation held by the `websockets` package.
const WEBSOCKETS: &str = "
import sys
from websockets.sync.client import connect
with connect(sys.argv[1]) as socket:
    socket.send('Olá, tudo bem?')
    print(socket.recv())
    socket.send(b'bin\\xc3\\xa1rio')
    print(socket.recv())
    socket.ping().wait(10)
    socket.send('sair')
    print(socket.recv())
    for more in socket:
        print('mais:', more)
print(socket.protocol.close_code)
";

#[tokio::test]
#[ignore = "needs Python's websockets: run cargo xtask test"]
async fn pythons_websockets_holds_the_reports_conversation() {
    let server = TestServer::start().await;
    for path in ["ws", ""] {
        let said = python(WEBSOCKETS, &[format!("ws://{}/{path}", server.http)]).await;
        let expected = "Servidor recebeu: 'Olá, tudo bem?'\nServidor recebeu: 'binário'\n\
                        Servidor: Desconectando...\n1000\n";
        assert_eq!(said, expected);
    }
    let lines = server.transcript.sessions(2).await;
    assert_eq!(lines.len(), 2 * 6, "{lines:#?}");
}

/// What the report's client does on its socket: no newlines, reads of at most 1024 bytes.
const REPORTS_CLIENT: &str = "
import socket, sys
link = socket.create_connection((sys.argv[1], int(sys.argv[2])))
for said in ['Olá, tudo bem?', 'sair']:
    link.sendall(said.encode('utf-8'))
    print(link.recv(1024).decode('utf-8'))
print(repr(link.recv(1024)))
";

#[tokio::test]
#[ignore = "needs Python: run cargo xtask test"]
async fn a_client_like_the_reports_is_served() {
    let server = TestServer::start().await;
    let arguments = [server.tcp.ip().to_string(), server.tcp.port().to_string()];
    let said = python(REPORTS_CLIENT, &arguments).await;
    assert_eq!(said, "Servidor recebeu: 'Olá, tudo bem?'\nServidor: Desconectando...\nb''\n");
}

/// A server that lets maria in, and the folder with her password's hash.
async fn server_for_maria() -> (TestServer, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("people");
    std::fs::write(&path, format!("maria:{}\n", bcrypt::hash("segredo", 4).unwrap())).unwrap();
    let server = TestServer::with(|options| {
        options.access.htpasswd = Some(path);
        options.access.tcp_anyone = true;
    })
    .await;
    (server, folder)
}

/// Says one message with a name and a password in the address.
const SIGNED_IN: &str = "
import sys
from websockets.sync.client import connect
with connect(sys.argv[1]) as socket:
    socket.send('oi')
    print(socket.recv())
";

fn pythons_websockets(address: &str, who: &str) -> Command {
    run_python(SIGNED_IN, &[format!("ws://{who}{}{address}/ws", if who.is_empty() { "" } else { "@" })])
}

fn wscat(address: &str, who: &str) -> Command {
    let mut command = Command::new("node");
    command.arg(std::env::var_os("VEZ_WSCAT").expect("VEZ_WSCAT names it: run cargo xtask test"));
    command.args(["--connect", &format!("ws://{address}/ws"), "--execute", "oi", "--wait", "1"]);
    if !who.is_empty() {
        command.args(["--auth", who]);
    }
    // At the end of its input it leaves.
    command.stdin(Stdio::piped());
    command
}

#[rstest]
#[tokio::test]
#[ignore = "needs Python's websockets and wscat: run cargo xtask test"]
async fn tools_come_in_with_a_name_and_its_password_only(
    #[values(pythons_websockets, wscat)] tool: fn(&str, &str) -> Command,
) {
    let (server, _folder) = server_for_maria().await;
    let run = async |who| {
        let mut command = tool(&server.http.to_string(), who);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().expect("it starts");
        // Held to the end, where there is one.
        let _stdin = child.stdin.take();
        within("the tool's end", child.wait_with_output()).await.unwrap()
    };
    let said = |output: &Output| String::from_utf8_lossy(&output.stdout).into_owned();
    let output = run("maria:segredo").await;
    assert!(output.status.success() && said(&output).contains("Servidor recebeu: 'oi'"), "{output:?}");
    for who in ["maria:errada", "ana:segredo", "maria:", ""] {
        let output = run(who).await;
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && complaint.contains("401"), "{who}: {output:?}");
        assert!(!said(&output).contains("recebeu"), "{who}: {output:?}");
    }
    let lines = server.transcript.sessions(1).await;
    assert_eq!(lines.iter().filter(|line| line.starts_with("Conectado por")).count(), 1, "{lines:?}");
}

#[tokio::test]
#[ignore = "needs curl: run cargo xtask test"]
async fn curl_signs_in_and_out_as_a_browser_does() {
    let (server, folder) = server_for_maria().await;
    let address = format!("http://{}", server.http);
    let jar = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let curl = async |path: &str, arguments: &[&str]| {
        let mut command = Command::new("curl");
        command.args(["--silent", "--show-error", "--write-out", " %{http_code}"]).args(arguments);
        command.arg(format!("{address}{path}")).kill_on_drop(true);
        let output = within("curl", command.output()).await.expect("curl starts");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let (mine, before) = (jar("mine"), jar("before"));
    let wrong = curl("/entrar", &["--cookie-jar", &mine, "--data", "nome=maria&senha=errada"]).await;
    assert!(wrong.ends_with(" 401") && wrong.contains("não está certo"), "{wrong}");
    assert!(curl("/conta", &["--cookie", &mine]).await.ends_with(" 401"));
    let right = ["--cookie", &mine, "--cookie-jar", &mine, "--data", "nome=maria&senha=segredo"];
    assert!(curl("/entrar", &right).await.ends_with(" 303"));
    let account = curl("/conta", &["--cookie", &mine]).await;
    assert!(account.contains("<strong>maria</strong>") && account.ends_with(" 200"), "{account}");
    assert!(curl("/conta", &["--user", "maria:segredo"]).await.ends_with(" 200"));
    assert!(curl("/conta", &["--user", "maria:errada"]).await.ends_with(" 401"));
    // A cookie that somebody has from before is of no more use after signing out.
    std::fs::copy(&mine, &before).unwrap();
    let out = ["--cookie", &mine, "--cookie-jar", &mine, "--request", "POST"];
    assert!(curl("/sair-da-conta", &out).await.ends_with(" 303"));
    assert!(curl("/conta", &["--cookie", &mine]).await.ends_with(" 401"));
    assert!(curl("/conta", &["--cookie", &before]).await.ends_with(" 401"));
    // Nor is one that somebody is given before signing in what they have afterwards.
    let given = std::fs::read_to_string(&before).unwrap();
    assert!(
        curl("/entrar", &["--cookie", &before, "--cookie-jar", &before, "--data", right[5]])
            .await
            .ends_with(" 303")
    );
    assert_ne!(std::fs::read_to_string(&before).unwrap(), given);
    std::fs::write(&mine, given).unwrap();
    assert!(curl("/conta", &["--cookie", &mine]).await.ends_with(" 401"));
    assert!(curl("/conta", &["--cookie", &before]).await.ends_with(" 200"));
}
