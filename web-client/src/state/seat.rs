//! Our seat at the server, which outlives its connections: what it takes to come back and to say nothing twice.

use vez_protocol::{Receipts, SEAT};

use crate::locale::digits;

/// How much of what went into a stream can be sent again, in bytes.
const MOST: usize = 1024 * 1024;

/// A seat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seat {
    /// What takes it up again.
    token: String,
    /// What came.
    pub(super) receipts: Receipts,
    /// How many bytes went into a stream.
    sent: u64,
    /// The newest of them.
    tail: Vec<u8>,
}

impl Seat {
    /// A seat that the server has just given.
    pub(crate) fn new(token: String) -> Self {
        Self { token, receipts: Receipts::default(), sent: 0, tail: Vec::new() }
    }

    /// Whether a token is this one's.
    pub(super) fn has(&self, token: &str) -> bool {
        self.token == token
    }

    /// The subprotocol that asks for it.
    pub(super) fn offer(&self) -> String {
        String::from(SEAT) + &self.token + "." + &digits(self.receipts.count())
    }

    /// Bytes go into a stream.
    pub(super) fn send(&mut self, bytes: &[u8]) {
        self.sent += bytes.len() as u64;
        self.tail.extend_from_slice(bytes);
        if self.tail.len() > MOST {
            self.tail = self.tail.split_off(self.tail.len() - MOST);
        }
    }

    /// What did not arrive when so many bytes did; `None` when it is kept no more.
    pub(super) fn missing(&self, arrived: u64) -> Option<&[u8]> {
        let missing = usize::try_from(self.sent.saturating_sub(arrived)).ok()?;
        self.tail.get(self.tail.len().checked_sub(missing)?..)
    }

    /// The seat as a text: token, counts, and each byte of the tail as a character.
    pub(crate) fn to_record(&self) -> String {
        let mut record = String::from(&self.token);
        for count in [self.receipts.count(), self.sent] {
            record.push(' ');
            record.push_str(&digits(count));
        }
        record.push(' ');
        record.extend(self.tail.iter().copied().map(char::from));
        record
    }

    /// Reads a record; `None` for anything else.
    pub(crate) fn from_record(record: &str) -> Option<Self> {
        let mut parts = record.splitn(4, [' ']);
        let token = String::from(parts.next()?);
        let (received, sent) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let mut seat = Self { receipts: Receipts::resume(received), sent, ..Self::new(token) };
        for byte in parts.next()?.chars() {
            seat.tail.push(u8::try_from(byte).ok()?);
        }
        Some(seat)
    }
}

#[cfg(test)]
mod tests {
    use super::{MOST, Seat};

    fn seat() -> Seat {
        Seat::new("abc".into())
    }

    #[test]
    fn what_did_not_arrive_is_sent_again_and_nothing_else() {
        let mut seat = seat();
        seat.send("é\r\n".as_bytes());
        seat.send(b"\x03");
        assert_eq!(seat.missing(5), Some(&[][..]));
        assert_eq!(seat.missing(9), Some(&[][..]), "more than was sent");
        assert_eq!(seat.missing(3), Some(&b"\n\x03"[..]));
        assert_eq!(seat.missing(1), Some(&b"\xa9\r\n\x03"[..]));
    }

    #[test]
    fn what_is_kept_to_be_sent_again_is_bounded() {
        let mut seat = seat();
        seat.send(&vec![b'x'; MOST]);
        seat.send(b"fim");
        assert_eq!(seat.missing(3).map(<[u8]>::len), Some(MOST));
        assert_eq!(seat.missing(2), None);
    }

    #[test]
    fn a_seat_survives_a_reload() {
        let mut seat = seat();
        assert_eq!(Seat::from_record(&seat.to_record()), Some(seat.clone()));
        seat.send(&(0..=255).collect::<Vec<u8>>());
        seat.receipts.receive(7);
        seat.receipts.tell();
        assert_eq!(seat.offer(), "vez.seat.abc.1");
        assert_eq!(Seat::from_record(&seat.to_record()), Some(seat));
    }

    #[test]
    fn anything_else_is_no_seat() {
        for record in ["", "abc", "abc 1", "abc 1 2", "abc 1 x ", "abc -1 2 ", "abc 1 2 €"] {
            assert_eq!(Seat::from_record(record), None, "{record}");
        }
    }
}
