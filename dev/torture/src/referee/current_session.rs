//! The session that is on, by the transcript: one begins only when the last has ended.

use std::net::SocketAddr;
use std::time::Instant;

use super::history::History;
use crate::breach::{Breach, Promise};
use crate::line::Line;

/// The session that is on.
#[derive(Debug)]
pub(super) struct CurrentSession {
    /// Whose it is, and the client's number.
    on: Option<(SocketAddr, u64)>,
    /// When a session last began or ended.
    moved: Instant,
}

impl CurrentSession {
    /// Nobody's turn yet.
    pub(super) fn new(now: Instant) -> Self {
        Self { on: None, moved: now }
    }

    /// When a session last began or ended.
    pub(super) fn moved(&self) -> Instant {
        self.moved
    }

    /// Takes in a line, and notes in `history` what it tells.
    pub(super) fn line(&mut self, line: Line, at: Instant, history: &mut History) -> Result<(), Breach> {
        match line {
            Line::Connected(address) => {
                if let Some((other, _)) = self.on {
                    return Err(
                        Promise::OneAtATime.broken(format!("{address} começou durante a vez de {other}"))
                    );
                }
                self.on = Some((address, history.begin(address)?));
                self.moved = at;
            }
            Line::Message(address, message) => history.message(self.number(address)?, message),
            Line::Ending(address) => drop(self.number(address)?),
            Line::Closed(address) => {
                history.end(self.number(address)?)?;
                self.on = None;
                self.moved = at;
            }
            Line::Other(line) => {
                return Err(Promise::Alive.broken(format!("a transcrição tem a linha {line:?}")));
            }
        }
        Ok(())
    }

    /// The number of the client whose session is on, if that is at `address`.
    fn number(&self, address: SocketAddr) -> Result<u64, Breach> {
        match self.on {
            Some((on, number)) if on == address => Ok(number),
            on => {
                let on = on.map(|(on, _)| on);
                Err(Promise::OneAtATime.broken(format!("uma linha sobre {address} na vez de {on:?}")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::CurrentSession;
    use crate::breach::{Breach, Promise};
    use crate::digest::Digest;
    use crate::line::Line;
    use crate::observation::Milestone;
    use crate::plan::Transport;
    use crate::referee::history::History;

    /// Plays lines about clients 1 and 2, at ports 1 and 2.
    fn play(lines: impl IntoIterator<Item = Line>) -> Result<(), Breach> {
        let now = Instant::now();
        let (mut session, mut history) = (CurrentSession::new(now), History::default());
        for number in 1..=2 {
            let address = address(number);
            let milestone = Milestone::Registered { address, transport: Transport::Tcp, polite: true };
            history.client(number.into(), milestone, now)?;
        }
        lines.into_iter().try_for_each(|line| session.line(line, now, &mut history))
    }

    fn address(port: u16) -> std::net::SocketAddr {
        ([127, 0, 0, 1], port).into()
    }

    #[test]
    fn one_session_after_the_other_is_right() {
        let session = |port| {
            let message = Line::Message(address(port), Digest::of("olá"));
            [
                Line::Connected(address(port)),
                message,
                Line::Ending(address(port)),
                Line::Closed(address(port)),
            ]
        };
        assert_eq!(play([session(1), session(2)].concat()), Ok(()));
    }

    #[test]
    fn anything_in_another_session_is_seen() {
        let message = Line::Message(address(2), Digest::of("olá"));
        for line in [Line::Connected(address(2)), message, Line::Ending(address(2)), Line::Closed(address(2))]
        {
            let breach = play([Line::Connected(address(1)), line]).unwrap_err();
            assert_eq!(breach.promise, Promise::OneAtATime);
        }
    }

    #[test]
    fn a_second_session_is_seen() {
        let again = [Line::Connected(address(1)), Line::Closed(address(1)), Line::Connected(address(1))];
        assert_eq!(play(again).unwrap_err().promise, Promise::FirstCome);
    }

    #[test]
    fn strangers_and_other_lines_are_seen() {
        for line in
            [Line::Connected(address(3)), Line::Other("[3 linhas perdidas: a saída ficou parada]".to_owned())]
        {
            assert_eq!(play([line]).unwrap_err().promise, Promise::Alive);
        }
    }
}
