//! Who came first was served first.
//!
//! The server's order of arrival is the order in which it accepts TCP connections and finishes WebSocket
//! handshakes, which no client sees. But one that reads the answer to its handshake has its place already, and
//! one that has not sent its request has none yet: if the first happened to `a` before the second to `b`, `a` came
//! first, for certain. A TCP client only knows that the kernel has connected it. Kernels hand over connections in the
//! order in which they completed, but another processor may complete one a little later than the client hears of it;
//! and the server accepts TCP connections in another loop than WebSockets. So a TCP client counts as in line
//! some time after it connected: [`KERNEL`] with respect to others over TCP, [`LOOPS`] with respect to WebSockets.
//! Pairs that are closer prove nothing, and are not judged.

use std::time::{Duration, Instant};

use super::served::Served;
use crate::breach::{Breach, Promise};
use crate::plan::Transport;

/// How much later than its client hears of it a connection may be complete.
const KERNEL: Duration = Duration::from_millis(20);

/// How much later than it is complete, on a busy machine, a connection may be accepted.
const LOOPS: Duration = Duration::from_millis(500);

/// Who was overtaken, each with one who surely came later and was served before.
pub(super) fn overtaken(served: &[Served]) -> Vec<(Served, Served)> {
    let mut latest: [Option<Served>; 2] = [None, None];
    let mut overtaken = Vec::new();
    for behind in served {
        let before = |ahead: &&Served| comes_before(behind, ahead);
        overtaken.extend(latest.iter().flatten().find(before).map(|ahead| (*behind, *ahead)));
        let slot = &mut latest[usize::from(behind.transport == Transport::Tcp)];
        if slot.is_none_or(|last| last.arriving < behind.arriving) {
            *slot = Some(*behind);
        }
    }
    overtaken
}

/// What was seen of `behind`, whom `ahead` overtook.
pub(super) fn breach(behind: &Served, ahead: &Served) -> Breach {
    let later = behind.in_line.map(|since| ahead.arriving.saturating_duration_since(since));
    Promise::FirstCome.broken(format!(
        "o cliente {} ({:?}) chegou {:?} depois do cliente {} ({:?}) e foi atendido antes",
        ahead.number,
        ahead.transport,
        later.unwrap_or_default(),
        behind.number,
        behind.transport
    ))
}

/// Whether `a` was surely in line before `b` could be.
fn comes_before(a: &Served, b: &Served) -> bool {
    let doubt = match (a.transport, b.transport) {
        (Transport::WebSocket, _) => Duration::ZERO,
        (Transport::Tcp, Transport::Tcp) => KERNEL,
        (Transport::Tcp, Transport::WebSocket) => LOOPS,
    };
    let since: Option<Instant> = a.in_line.map(|since| since + doubt);
    since.is_some_and(|since| since < b.arriving)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::overtaken;
    use crate::plan::Transport::{self, Tcp, WebSocket};
    use crate::referee::served::Served;

    /// Sessions in their order, each of a client that arrived and was in line so many milliseconds after the start.
    fn served(sessions: &[(Transport, u64, u64)]) -> Vec<Served> {
        let start = Instant::now();
        let after = |ms| start + Duration::from_millis(ms);
        let session = |(number, (transport, arriving, in_line)): (u64, &(Transport, u64, u64))| Served {
            number,
            transport: *transport,
            arriving: after(*arriving),
            in_line: Some(after(*in_line)),
            ready: None,
            began: None,
            ended: None,
        };
        (0..).zip(sessions).map(session).collect()
    }

    fn numbers(sessions: &[(Transport, u64, u64)]) -> Vec<(u64, u64)> {
        overtaken(&served(sessions)).iter().map(|(behind, ahead)| (behind.number, ahead.number)).collect()
    }

    #[test]
    fn the_order_of_arrival_is_right() {
        let sessions =
            [(Tcp, 0, 1), (WebSocket, 2, 3), (Tcp, 4, 5), (WebSocket, 2000, 2001), (Tcp, 3000, 3001)];
        assert_eq!(numbers(&sessions), []);
    }

    #[test]
    fn who_comes_later_and_is_served_before_is_seen() {
        assert_eq!(numbers(&[(WebSocket, 2, 3), (WebSocket, 0, 1)]), [(1, 0)]);
        assert_eq!(numbers(&[(Tcp, 2, 3), (WebSocket, 0, 1)]), [(1, 0)]);
        assert_eq!(numbers(&[(Tcp, 22, 23), (Tcp, 0, 1)]), [(1, 0)]);
        assert_eq!(numbers(&[(WebSocket, 502, 503), (Tcp, 0, 1)]), [(1, 0)]);
    }

    #[test]
    fn one_who_overtook_is_seen_past_others() {
        let sessions = [(Tcp, 900, 901), (WebSocket, 100, 101), (Tcp, 200, 201), (WebSocket, 950, 951)];
        assert_eq!(numbers(&sessions), [(1, 0), (2, 0)]);
    }

    #[test]
    fn who_came_at_about_the_same_time_is_not_judged() {
        assert_eq!(numbers(&[(WebSocket, 2, 9), (WebSocket, 1, 3)]), []);
        assert_eq!(numbers(&[(Tcp, 20, 21), (Tcp, 0, 1)]), []);
        assert_eq!(numbers(&[(WebSocket, 500, 501), (Tcp, 0, 1)]), []);
    }
}
