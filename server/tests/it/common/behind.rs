//! What answers in the report's words, by every kind of responder.

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use vez_server::Framing;

use super::TestServer;

/// What stands behind a server under test; all of them say the same.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Behind {
    /// The server itself.
    Report,
    /// A program for each turn.
    Program,
    /// A server that is connected to for each turn.
    Connection,
}

impl Behind {
    /// A server in front of it.
    pub(crate) async fn start(self) -> TestServer {
        match self {
            Self::Report => TestServer::start().await,
            Self::Program => {
                TestServer::with(|options| {
                    options.behind.exec = true;
                    options.behind.program =
                        ["sed", "-u", "s/.*/Servidor recebeu: '&'/"].map(Into::into).into();
                })
                .await
            }
            Self::Connection => {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                let url = format!("tcp://{}", listener.local_addr().unwrap());
                tokio::spawn(answer(listener));
                TestServer::with(|options| {
                    options.behind.connect = Some(url.parse().unwrap());
                    options.behind.framing = Some(Framing::Line);
                })
                .await
            }
        }
    }
}

/// Answers one connection after the other: who comes while another is open gets no answer.
async fn answer(listener: TcpListener) {
    while let Ok((stream, _)) = listener.accept().await {
        let (reader, mut writer) = stream.into_split();
        let mut lines = BufReader::new(reader).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            if writer.write_all(format!("Servidor recebeu: '{line}'\n").as_bytes()).await.is_err() {
                break;
            }
        }
    }
}
