//! What answers behind the server: all that the storm knows of its words stands here.

use std::net::SocketAddr;

use anyhow::Result;
use clap::ValueEnum;
use tokio::net::TcpListener;
use vez_protocol::report::{self, Received};

/// What the server says last to one who asks to leave, whatever answers.
pub(crate) const FAREWELL: &str = report::FAREWELL;

/// What answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Responder {
    /// The report's answers.
    #[default]
    Report,
    /// The message itself.
    Echo,
    /// A program that echoes lines, a new one for each turn.
    Exec,
    /// A server that echoes lines, reached anew at each turn.
    Connect,
}

impl Responder {
    /// The vez-server's options that make it answer; `echo` is where a server echoes.
    pub(crate) fn server_options(self, echo: SocketAddr) -> Vec<String> {
        let connect = format!("--connect=tcp://{echo}");
        let options: &[&str] = match self {
            Self::Report => &["--responder=report"],
            Self::Echo => &["--responder=echo"],
            Self::Exec => &["--exec", "--", "cat"],
            Self::Connect => &[&connect, "--framing=line"],
        };
        options.iter().map(ToString::to_string).collect()
    }

    /// Its name on the storm's command line.
    pub(crate) fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }

    /// Its answer to a message that does not leave.
    pub(crate) fn answer(self, message: &str) -> String {
        match self {
            Self::Report => Received(message).to_string(),
            Self::Echo | Self::Exec | Self::Connect => message.to_owned(),
        }
    }

    /// Whether the transcript has all of a message, however long it is.
    pub(crate) fn is_recorded_whole(self) -> bool {
        self != Self::Echo
    }

    /// The messages that leave, the plainest first; none where every message is answered.
    pub(crate) fn leave_words(self) -> &'static [&'static str] {
        match self {
            Self::Report | Self::Exec | Self::Connect => &[report::LEAVE, "SAIR", "Sair"],
            Self::Echo => &[],
        }
    }
}

/// Echoes on a free port until dropped; ready at once with where.
///
/// # Errors
/// When no port is free.
pub(crate) async fn echo() -> Result<(SocketAddr, impl Future<Output = ()>)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let serve = async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut read, mut write) = stream.split();
                // Who is behind ends with its connection, however that ends.
                let _ = tokio::io::copy(&mut read, &mut write).await;
            });
        }
    };
    Ok((address, serve))
}
