//! Several servers that share one queue in a real etcd.

#[cfg(target_os = "linux")]
mod cable;
mod faults;
mod operators;
mod order;
mod outage;
mod proxy;

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::{Instant, timeout};

use crate::common::binary::{Binary, command};
use crate::common::lines::Lines;
use crate::common::{Tcp, TestServer, wait_for_ready, within};

/// The time to live of the leases: the shortest that there is.
const TTL: Duration = Duration::from_secs(2);

/// A server in a process of its own, which can be killed and stopped.
async fn process(queue: &str, more: &[&str]) -> Binary {
    let mut arguments = vec!["--queue", queue];
    arguments.extend(more);
    let mut command = command(&arguments);
    // What nobody reads would stop it one day.
    command.stderr(std::process::Stdio::null());
    let server = Binary::spawn(command);
    wait_for_ready(server.http, 200).await;
    server
}

/// A server in this process.
async fn server(queue: &str) -> TestServer {
    server_with(queue, |_| {}).await
}

async fn server_with(queue: &str, configure: impl FnOnce(&mut vez_server::Options)) -> TestServer {
    let server = TestServer::with(|options| {
        options.queue.queue = queue.parse().unwrap();
        configure(options);
    })
    .await;
    wait_for_ready(server.http, 200).await;
    server
}

/// A raw TCP server that stands behind several servers, and writes down what it gets: of each connection, in the order
/// of accepting, `[N` when it opens, what comes, and `N]` when it ends.
struct Recorder {
    url: String,
    lines: Lines,
}

impl Recorder {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("tcp://{}", listener.local_addr().unwrap());
        let lines = Lines::default();
        let written = lines.clone();
        tokio::spawn(async move {
            for number in 0.. {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut written = written.clone();
                let mut write =
                    move |text: &str| std::io::Write::write_all(&mut written, text.as_bytes()).unwrap();
                write(&format!("[{number}\n"));
                tokio::spawn(async move {
                    let mut bytes = [0; 4096];
                    while let Ok(read @ 1..) = stream.read(&mut bytes).await {
                        write(str::from_utf8(&bytes[..read]).unwrap());
                        if stream.write_all(&bytes[..read]).await.is_err() {
                            break;
                        }
                    }
                    write(&format!("{number}]\n"));
                });
            }
        });
        Self { url, lines }
    }
}

/// Reads until the connection ends, however it does.
async fn rest(tcp: &mut Tcp) -> String {
    let mut rest = Vec::new();
    // A reset is an end too.
    let _ = within("the end", tcp.stream.read_to_end(&mut rest)).await;
    String::from_utf8_lossy(&rest).into_owned()
}

/// How long until `done`, which must be within `limit`.
async fn soon(what: &str, limit: Duration, done: impl Future<Output = ()>) -> Duration {
    let began = Instant::now();
    assert!(timeout(limit, done).await.is_ok(), "{what} took longer than {limit:?}");
    began.elapsed()
}
