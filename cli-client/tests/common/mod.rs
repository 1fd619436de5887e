//! A `vez-client` whose input and output are pipes, and servers that follow a script.

#![allow(dead_code, reason = "no test uses all of it")]

#[cfg(target_os = "linux")]
pub(crate) mod pty;
#[cfg(unix)]
pub(crate) mod wine;

use std::cell::Cell;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

/// Longer than anything here takes on a slow machine.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

pub(crate) const PROMPT: &str = "Digite a mensagem para o servidor (ou 'sair' para desconectar): ";
pub(crate) const LEAVING: &str = "Enviando solicitação de desconexão para o servidor...\n";
pub(crate) const LEFT: &str = "Cliente desconectado.\n";

/// A running client, killed when dropped.
pub(crate) struct Client {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: ChildStdout,
    /// Everything that was printed so far.
    printed: Vec<u8>,
}

impl Client {
    pub(crate) fn start(address: &str) -> Self {
        Self::with_args([address])
    }

    pub(crate) fn with_args<'a>(args: impl IntoIterator<Item = &'a str>) -> Self {
        let mut command = command();
        command.args(args);
        Self::spawn(command)
    }

    /// Starts another program than the client, or the client in another way.
    pub(crate) fn spawn(mut command: Command) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().expect("the client starts");
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().expect("stdout is a pipe");
        Self { child, stdin, stdout, printed: Vec::new() }
    }

    pub(crate) async fn type_line(&mut self, line: &str) {
        self.type_bytes(format!("{line}\n").as_bytes()).await;
    }

    pub(crate) async fn type_bytes(&mut self, bytes: &[u8]) {
        let stdin = self.stdin.as_mut().expect("the input has not ended");
        stdin.write_all(bytes).await.expect("the client reads");
        stdin.flush().await.expect("the client reads");
    }

    pub(crate) fn end_input(&mut self) {
        self.stdin = None;
    }

    /// Waits until what was printed ends with `text`.
    pub(crate) async fn expect(&mut self, text: &str) {
        self.read_until(text, |printed| printed.ends_with(text.as_bytes())).await;
    }

    /// Waits until `text` was printed.
    pub(crate) async fn expect_part(&mut self, text: &str) {
        self.read_until(text, |printed| String::from_utf8_lossy(printed).contains(text)).await;
    }

    /// Waits until `byte` was printed `count` times.
    pub(crate) async fn expect_count(&mut self, byte: u8, count: usize) {
        let seen = Cell::new((0, 0));
        let counted = |printed: &[u8]| {
            let (len, found) = seen.get();
            let found = found + printed[len..].iter().filter(|printed| **printed == byte).count();
            seen.set((printed.len(), found));
            found >= count
        };
        self.read_until("enough of it", counted).await;
    }

    async fn read_until(&mut self, text: &str, done: impl Fn(&[u8]) -> bool) {
        let read = async {
            while !done(&self.printed) {
                let count = self.stdout.read_buf(&mut self.printed).await.expect("the output is read");
                assert_ne!(count, 0, "the client ended after {:?}", self.text());
            }
        };
        if timeout(DEADLINE, read).await.is_err() {
            panic!("{text:?} did not come; printed was {:?}", self.text());
        }
    }

    #[cfg(unix)]
    pub(crate) fn interrupt(&self) {
        self.signal(rustix::process::Signal::INT);
    }

    #[cfg(unix)]
    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        let id = self.child.id().expect("the client runs");
        let pid = rustix::process::Pid::from_raw(id.cast_signed()).expect("it is no group");
        rustix::process::kill_process(pid, signal).expect("the client runs");
    }

    /// The most memory in KiB that the client has held.
    #[cfg(target_os = "linux")]
    pub(crate) fn peak_memory(&self) -> u64 {
        let id = self.child.id().expect("the client runs");
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).expect("the client runs");
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("Linux tells it");
        peak.trim().trim_end_matches(" kB").parse().expect("it is a number")
    }

    /// Waits for the client's own end; what it printed in all, and its exit status.
    pub(crate) async fn finish(mut self) -> (String, i32) {
        let end = async {
            self.stdout.read_to_end(&mut self.printed).await.expect("the output is read");
            self.child.wait().await.expect("the client ends")
        };
        let status =
            timeout(DEADLINE, end).await.unwrap_or_else(|_| panic!("no end after {:?}", self.text()));
        (self.text(), status.code().expect("the client ended of its own accord"))
    }

    /// Waits for the client's own end without reading what it prints.
    pub(crate) async fn exit_status(&mut self) -> i32 {
        let status = timeout(DEADLINE, self.child.wait()).await.expect("the client ends");
        status.expect("the client ends").code().expect("the client ended of its own accord")
    }

    fn text(&self) -> String {
        String::from_utf8(self.printed.clone()).expect("the output is text")
    }
}

/// The client, its surroundings not looked at.
pub(crate) fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vez-client"));
    command.env_remove("VEZ_ADDRESS").env_remove("VEZ_CA");
    command
}

/// The first lines of a conversation with the server at `address`.
pub(crate) fn greeting(address: &str) -> String {
    format!("Iniciando o cliente...\nConectado ao servidor em {address}\n")
}

/// A free port with a listener, and its address.
pub(crate) async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let address = listener.local_addr().expect("it is bound").to_string();
    (listener, address)
}

/// The next client of `listener`.
pub(crate) async fn accept(listener: &TcpListener) -> TcpStream {
    let accepted = timeout(DEADLINE, listener.accept()).await.expect("the client connects");
    accepted.expect("the client connects").0
}

/// Reads exactly `text` from the client.
pub(crate) async fn hear(stream: &mut TcpStream, text: &str) {
    let mut heard = vec![0; text.len()];
    timeout(DEADLINE, stream.read_exact(&mut heard))
        .await
        .expect("the client sends")
        .expect("it sends enough");
    assert_eq!(String::from_utf8_lossy(&heard), text);
}

/// Reads to the end of the client's side; what came before it.
pub(crate) async fn hear_end(stream: &mut TcpStream) -> String {
    let mut rest = String::new();
    let read = stream.read_to_string(&mut rest);
    timeout(DEADLINE, read).await.expect("the client ends").expect("it ends in order");
    rest
}

pub(crate) async fn say(stream: &mut TcpStream, text: &str) {
    stream.write_all(text.as_bytes()).await.expect("the client is there");
}

/// Makes the end of `stream` a reset.
pub(crate) fn reset(stream: TcpStream) {
    socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).expect("it is a TCP socket");
}

/// Answers one client as the report's server does, over and over until its farewell.
pub(crate) async fn converse(mut stream: TcpStream) {
    let mut buffer = [0; 1024];
    loop {
        let count = stream.read(&mut buffer).await.expect("the client is there");
        let message = String::from_utf8_lossy(&buffer[..count]).into_owned();
        match message.to_lowercase().as_str() {
            "" => return,
            "sair" => return say(&mut stream, "Servidor: Desconectando...").await,
            _ => say(&mut stream, &format!("Servidor recebeu: '{message}'")).await,
        }
    }
}
