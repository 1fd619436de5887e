//! The lines of the transcript.

use std::net::SocketAddr;

use crate::digest::Digest;

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

impl Line {
    /// Reads one line of the transcript.
    pub(crate) fn parse(line: &str) -> Self {
        try_parse(line).unwrap_or_else(|| Self::Other(line.to_owned()))
    }
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
    use super::Line;
    use crate::digest::Digest;

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
            assert_eq!(Line::parse(line), expected);
        }
    }

    #[test]
    fn anything_else_is_not_taken_for_one() {
        for line in
            ["", "[3 linhas perdidas: a saída ficou parada]", "Conectado por ('x', 1)", "('127.0.0.1', 1)"]
        {
            assert_eq!(Line::parse(line), Line::Other(line.to_owned()));
        }
    }
}
