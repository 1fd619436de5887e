//! Both programs for Windows, run by wine: the report's example, to the byte.

#![cfg(unix)]

mod common;

use std::process::Stdio;

use common::wine::Wine;
use common::{Client, DEADLINE, LEAVING, LEFT, PROMPT, greeting};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

/// `vez-server.exe` on free ports, killed when dropped.
struct Server {
    _child: Child,
    transcript: Lines<BufReader<ChildStdout>>,
    address: String,
}

impl Server {
    async fn start(wine: &Wine) -> Self {
        let mut command = Command::from(wine.command("vez-server.exe"));
        command.args(["--tcp", "127.0.0.1:0", "--http", "127.0.0.1:0"]).stdout(Stdio::piped());
        let mut child = command.kill_on_drop(true).spawn().expect("wine starts");
        let stdout = child.stdout.take().expect("stdout is a pipe");
        let transcript = BufReader::new(stdout).lines();
        let mut server = Self { _child: child, transcript, address: String::new() };
        assert_eq!(server.line().await, "Iniciando o servidor...");
        let listening = server.line().await;
        let address = listening.strip_prefix("Servidor escutando em ").expect("the address follows");
        server.address = address.to_owned();
        assert!(server.line().await.starts_with("Página e WebSocket em http://127.0.0.1:"));
        server
    }

    /// The transcript's next line.
    async fn line(&mut self) -> String {
        let line = timeout(DEADLINE, self.transcript.next_line()).await.expect("the server goes on");
        line.expect("the transcript is text").expect("the server has not ended")
    }

    async fn assert_transcript_of_the_example(&mut self) {
        let connected = self.line().await;
        let peer = connected.strip_prefix("Conectado por ").expect("the peer is named");
        assert!(peer.starts_with("('127.0.0.1', "), "{peer}");
        for expected in [
            format!("Mensagem recebida de {peer}: Olá, tudo bem?"),
            format!("Mensagem recebida de {peer}: sair"),
            format!("Cliente {peer} solicitou desconexão."),
            format!("Conexão com {peer} encerrada."),
        ] {
            assert_eq!(self.line().await, expected);
        }
    }
}

#[tokio::test]
#[ignore = "needs the programs for Windows, and wine: run cargo xtask test"]
async fn the_example_of_the_report() {
    let Some(wine) = Wine::find() else { return };
    let mut server = Server::start(&wine).await;
    let mut windows = wine.command("vez-client.exe");
    windows.arg(&server.address);
    converse(Client::spawn(windows.into()), &server.address).await;
    server.assert_transcript_of_the_example().await;
    converse(Client::start(&server.address), &server.address).await;
    server.assert_transcript_of_the_example().await;
}

async fn converse(mut client: Client, address: &str) {
    client.expect(PROMPT).await;
    client.type_line("Olá, tudo bem?").await;
    client.expect(&format!("Resposta do servidor: Servidor recebeu: 'Olá, tudo bem?'\n{PROMPT}")).await;
    client.type_line("sair").await;
    let expected = format!(
        "{}{PROMPT}Resposta do servidor: Servidor recebeu: 'Olá, tudo bem?'\n\
         {PROMPT}{LEAVING}Resposta do servidor: Servidor: Desconectando...\n{LEFT}",
        greeting(address)
    );
    assert_eq!(client.finish().await, (expected, 0));
}
