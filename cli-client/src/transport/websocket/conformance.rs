//! The Autobahn cases, by `kosoku`, against the client's WebSocket.

use std::cell::Cell;
use std::path::Path;
use std::process::Stdio;
use std::rc::Rc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStderr};
use tokio::time::{Instant, timeout};

use super::{Access, Dialect, Failure, Transport, WebSocketTransport, handshake};

/// Longer than any case takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// The server that tries clients.
struct FuzzingServer {
    process: Child,
    /// What it says besides.
    log: Lines<BufReader<ChildStderr>>,
    address: String,
}

impl FuzzingServer {
    async fn start(reports: &Path) -> Self {
        let mut command = vez_conformance::kosoku("fuzzingserver", reports, "127.0.0.1:0");
        let mut process = command.stderr(Stdio::piped()).spawn().expect("kosoku starts");
        let mut log = BufReader::new(process.stderr.take().expect("it is piped")).lines();
        let line = timeout(PATIENCE, log.next_line()).await.expect("kosoku starts soon");
        let line = line.expect("kosoku prints text").expect("kosoku tells where it listens");
        let (_, address) = line.split_once("ws://").expect("the line ends with the URL");
        let address = address.trim().to_owned();
        Self { process, log, address }
    }

    /// Awaits its end, before which it writes the reports.
    async fn ended(mut self) {
        let end = async {
            while let Ok(Some(_)) = self.log.next_line().await {}
            self.process.wait().await
        };
        timeout(PATIENCE, end).await.expect("kosoku ends soon").expect("kosoku can be waited for");
    }
}

/// Says every message back, and closes as the client does.
async fn echo(url: &str) -> Result<(), Failure> {
    let url = url.parse().expect("the test made a URL");
    // Not `connect`: the cases count connections, and have no answer to the offer of `vez.v1`.
    let heard = Rc::new(Cell::new(Instant::now()));
    let socket = handshake::attempt(&url, &Access::default(), Dialect::Plain, None, &heard).await?;
    let mut transport = WebSocketTransport::new(socket, Dialect::Plain, heard);
    if let Err(failure) = echo_messages(&mut transport).await {
        transport.close_code = failure.close_code();
    }
    transport.close().await;
    Ok(())
}

async fn echo_messages(transport: &mut WebSocketTransport) -> Result<(), Failure> {
    while let Some(message) = transport.socket.next().await.transpose()? {
        if message.is_text() || message.is_binary() {
            transport.socket.send(message).await?;
        }
    }
    Ok(())
}

#[tokio::test]
#[ignore = "needs kosoku: run cargo xtask test"]
async fn every_autobahn_case_passes() {
    let reports = TempDir::new().expect("there is room for the reports");
    let server = FuzzingServer::start(reports.path()).await;
    let url = |request: &str| format!("ws://{}/{request}agent=vez-client", server.address);
    for case in 1..=vez_conformance::CASES {
        let url = url(&format!("runCase?case={case}&"));
        let ran = timeout(PATIENCE, echo(&url)).await;
        ran.unwrap_or_else(|_| panic!("case {case} does not end")).expect("the case's server answers");
    }
    echo(&url("updateReports?")).await.expect("the reports are asked for");
    server.ended().await;
    vez_conformance::assert_all_pass(reports.path());
}
