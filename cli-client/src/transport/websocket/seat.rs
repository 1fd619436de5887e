//! The seat at the server, which outlives its connections, and the way back to it.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::LocalBoxFuture;
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::http::Uri;
use tokio_tungstenite::tungstenite::protocol::Message;
use vez_protocol::{Receipts, SEAT};

use super::handshake::{self, Dialect, LastHeard, Socket};
use super::{Access, Failure};

/// How much of what went into a stream can be sent again, in bytes: more than the systems of both ends hold on the way.
const MOST: usize = 16 * 1024 * 1024;
/// How long to wait before the second attempt to come back, and at the most.
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// What it takes to come back and to say nothing twice.
#[derive(Debug)]
pub(super) struct Seat {
    token: String,
    /// How long it is kept without a connection.
    grace: Duration,
    /// What came.
    pub(super) receipts: Receipts,
    /// The messages that may not have arrived, with their ids.
    messages: VecDeque<(u64, String)>,
    /// How many bytes went into a stream, and the newest of them.
    sent: u64,
    tail: VecDeque<Bytes>,
    tail_len: usize,
    /// Whether there will be no more of them.
    pub(super) ended: bool,
    /// Whether the turn was told.
    pub(super) turned: bool,
}

impl Seat {
    pub(super) fn new(token: String, grace: Duration) -> Self {
        Self {
            token,
            grace,
            receipts: Receipts::default(),
            messages: VecDeque::new(),
            sent: 0,
            tail: VecDeque::new(),
            tail_len: 0,
            ended: false,
            turned: false,
        }
    }

    pub(super) fn has(&self, token: &str) -> bool {
        self.token == token
    }

    /// A message is sent.
    pub(super) fn say(&mut self, id: u64, text: &str) {
        self.messages.push_back((id, text.to_owned()));
    }

    /// A message was answered, or has arrived, and so have all before it.
    pub(super) fn arrived(&mut self, id: u64) {
        while self.messages.front().is_some_and(|(first, _)| *first <= id) {
            self.messages.pop_front();
        }
    }

    /// The messages that may not have arrived.
    pub(super) fn messages(&self) -> impl Iterator<Item = (u64, &str)> {
        self.messages.iter().map(|(id, text)| (*id, text.as_str()))
    }

    /// Bytes go into a stream.
    pub(super) fn pass(&mut self, bytes: &Bytes) {
        self.sent += bytes.len() as u64;
        self.tail_len += bytes.len();
        self.tail.push_back(bytes.clone());
        while let Some(first) = self.tail.front().filter(|first| self.tail_len - first.len() >= MOST) {
            self.tail_len -= first.len();
            self.tail.pop_front();
        }
    }

    /// What did not arrive when so many bytes did; `None` when it is kept no more.
    pub(super) fn missing(&self, arrived: u64) -> Option<Vec<Bytes>> {
        let missing = usize::try_from(self.sent.saturating_sub(arrived)).ok()?;
        let mut skip = self.tail_len.checked_sub(missing)?;
        let mut pieces = Vec::new();
        for piece in &self.tail {
            let skipped = skip.min(piece.len());
            skip -= skipped;
            if skipped < piece.len() {
                pieces.push(piece.slice(skipped..));
            }
        }
        Some(pieces)
    }
}

/// Where and how the server is reached.
#[derive(Debug)]
pub(super) struct Route {
    pub(super) url: Uri,
    pub(super) access: Access,
}

/// Whether there is a connection.
#[derive(Debug)]
pub(super) enum Way {
    Here,
    /// It was lost, and the way back to the seat is sought.
    Away(Return),
    /// There is one again, and the server has not told yet whether the seat was kept; what was read when the last one
    /// was lost.
    Back(Result<Message, Failure>),
}

/// The way back to a seat: attempts until one is answered, or the seat is kept no longer.
pub(super) struct Return {
    attempts: LocalBoxFuture<'static, Option<Socket>>,
    /// What was read when the connection was lost.
    pub(super) cause: Result<Message, Failure>,
}

impl Return {
    pub(super) fn to(
        seat: &Seat,
        route: &Rc<Route>,
        heard: &LastHeard,
        cause: Result<Message, Failure>,
    ) -> Self {
        let offer = format!("{SEAT}{}.{}", seat.token, seat.receipts.count());
        let (route, heard, grace) = (Rc::clone(route), Rc::clone(heard), seat.grace);
        let attempts = async move {
            let mut wait = FIRST_WAIT;
            loop {
                match handshake::attempt(&route.url, &route.access, Dialect::Events, Some(&offer), &heard)
                    .await
                {
                    Ok(socket) => return socket,
                    // A server, or a proxy before it, that has something against it may not have in a moment.
                    Err(_) => sleep(wait).await,
                }
                wait = (wait * 2).min(LONGEST_WAIT);
            }
        };
        let attempts = async move { timeout(grace, attempts).await.ok() };
        Self { attempts: Box::pin(attempts), cause }
    }

    /// The new connection; `None` when there is no hope any more.
    pub(super) fn attempts(&mut self) -> Pin<&mut (dyn Future<Output = Option<Socket>> + 'static)> {
        self.attempts.as_mut()
    }
}

impl fmt::Debug for Return {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Return").field("cause", &self.cause).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::{Bytes, Duration, MOST, Seat};

    fn seat() -> Seat {
        Seat::new("a".to_owned(), Duration::from_secs(15))
    }

    fn missing(seat: &Seat, arrived: u64) -> Option<Vec<u8>> {
        seat.missing(arrived).map(|pieces| pieces.concat())
    }

    #[test]
    fn what_did_not_arrive_is_sent_again_and_nothing_else() {
        let mut seat = seat();
        seat.pass(&Bytes::from_static(b"um"));
        seat.pass(&Bytes::from_static(b"dois"));
        assert_eq!(missing(&seat, 0).unwrap(), b"umdois");
        assert_eq!(missing(&seat, 1).unwrap(), b"mdois");
        assert_eq!(missing(&seat, 2).unwrap(), b"dois");
        assert_eq!(missing(&seat, 6).unwrap(), b"");
        assert_eq!(missing(&seat, 7).unwrap(), b"", "more than was sent");
    }

    #[test]
    fn what_is_kept_to_be_sent_again_is_bounded() {
        let mut seat = seat();
        for _ in 0..9 {
            seat.pass(&Bytes::from(vec![b'x'; MOST / 8]));
        }
        assert_eq!(seat.tail_len, MOST);
        assert_eq!(missing(&seat, MOST as u64 / 8).map(|bytes| bytes.len()), Some(MOST));
        assert_eq!(missing(&seat, 0), None);
    }

    #[test]
    fn messages_are_kept_until_they_arrive() {
        let mut seat = seat();
        (1..=3).for_each(|id| seat.say(id, "oi"));
        seat.arrived(2);
        assert_eq!(seat.messages().collect::<Vec<_>>(), [(3, "oi")]);
    }
}
