//! Clients that were not written here: Python's `websockets`, and a client that does what the report's does.

use std::process::Stdio;

use tokio::process::Command;

use crate::common::{TestServer, within};

/// Runs a Python program to its end and returns what it printed.
async fn python(program: &str, arguments: &[String]) -> String {
    let python = std::env::var("VEZ_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let mut command = Command::new(python);
    command.arg("-c").arg(program).args(arguments).stdin(Stdio::null()).kill_on_drop(true);
    let output = within("the Python program", command.output()).await.expect("Python starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
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
