//! Reads the server's transcript.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::BufRead;
use std::net::SocketAddr;
use std::time::Instant;

use tokio::sync::mpsc;

use crate::sighting::{Sighting, What};

/// A line about a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// A session began.
    Connected(SocketAddr),
    /// A message was received.
    Message(SocketAddr, Digest),
    /// How the session ends.
    Ending(SocketAddr),
    /// The session is over.
    Closed(SocketAddr),
    /// None of these.
    Other(String),
}

/// Stands for a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Digest(u64);

impl Digest {
    pub(crate) fn of(text: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        Self(hasher.finish())
    }
}

/// Reads lines to the end of the output, as fast as they come.
pub(crate) fn read(mut output: impl BufRead, sightings: &mpsc::Sender<Sighting>) {
    let mut line = Vec::new();
    while output.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
        let what = What::Transcript(parse(String::from_utf8_lossy(&line).trim_end_matches('\n')));
        if sightings.blocking_send(Sighting { at: Instant::now(), what }).is_err() {
            return;
        }
        line.clear();
    }
}

fn parse(line: &str) -> Line {
    try_parse(line).unwrap_or_else(|| Line::Other(line.to_owned()))
}

fn try_parse(line: &str) -> Option<Line> {
    let (before, rest) = line.split_once("('")?;
    let (address, after) = rest.split_once(')')?;
    let (ip, port) = address.split_once("', ")?;
    let address = SocketAddr::new(ip.parse().ok()?, port.parse().ok()?);
    match (before, after) {
        ("Conectado por ", "") => Some(Line::Connected(address)),
        ("Mensagem recebida de ", message) => {
            message.strip_prefix(": ").map(|text| Line::Message(address, Digest::of(text)))
        }
        ("Conexão com ", " encerrada.") => Some(Line::Closed(address)),
        ("Conexão com " | "Cliente " | "Erro ao comunicar com ", _) => Some(Line::Ending(address)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Digest, Line, parse};

    #[test]
    fn every_line_about_a_session_is_known() {
        let address = "127.3.2.1:4567".parse().unwrap();
        let lines = [
            ("Conectado por ('127.3.2.1', 4567)", Line::Connected(address)),
            ("Mensagem recebida de ('127.3.2.1', 4567): ", Line::Message(address, Digest::of(""))),
            (
                "Mensagem recebida de ('127.3.2.1', 4567): a (b): c",
                Line::Message(address, Digest::of("a (b): c")),
            ),
            ("Cliente ('127.3.2.1', 4567) solicitou desconexão.", Line::Ending(address)),
            ("Cliente ('127.3.2.1', 4567) desconectou (sem dados).", Line::Ending(address)),
            ("Conexão com ('127.3.2.1', 4567) foi resetada pelo cliente.", Line::Ending(address)),
            ("Erro ao comunicar com ('127.3.2.1', 4567): limite", Line::Ending(address)),
            ("Conexão com ('127.3.2.1', 4567) encerrada.", Line::Closed(address)),
        ];
        for (line, expected) in lines {
            assert_eq!(parse(line), expected);
        }
    }

    #[test]
    fn anything_else_is_not_taken_for_one() {
        for line in
            ["", "[3 linhas perdidas: a saída ficou parada]", "Conectado por ('x', 1)", "('127.0.0.1', 1)"]
        {
            assert_eq!(parse(line), Line::Other(line.to_owned()));
        }
    }
}
