//! What a client has received of its seat, and when it is worth telling.

/// After how many frames the server is told that they came.
const FRAMES: u32 = 64;
/// After how many bytes it is told so.
const BYTES: usize = 16 * 1024;

/// Counts the frames that [`SEAT`](crate::SEAT) numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Receipts {
    count: u64,
    /// How many of them, and of how many bytes, the server was not told of.
    untold: (u32, usize),
}

impl Receipts {
    /// So many were received before.
    pub fn resume(count: u64) -> Self {
        Self { count, untold: (0, 0) }
    }

    /// A frame of so many bytes came; true when the server should be told.
    pub fn receive(&mut self, bytes: usize) -> bool {
        self.count += 1;
        self.untold = (self.untold.0 + 1, self.untold.1 + bytes);
        self.untold.0 >= FRAMES || self.untold.1 >= BYTES
    }

    /// How many came since the seat began.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The same, as the server is told now: [`ClientEvent::Received`](crate::ClientEvent::Received).
    pub fn tell(&mut self) -> u64 {
        self.untold = (0, 0);
        self.count
    }
}

#[cfg(test)]
mod tests {
    use super::{BYTES, FRAMES, Receipts};

    #[test]
    fn the_server_is_told_after_many_frames_or_bytes() {
        let mut receipts = Receipts::resume(2);
        assert!((1..FRAMES).all(|_| !receipts.receive(1)));
        assert!(receipts.receive(1));
        assert_eq!(receipts.tell(), u64::from(FRAMES) + 2);
        assert!(!receipts.receive(BYTES - 1) && receipts.receive(1));
        assert_eq!((receipts.count(), receipts.tell()), (68, 68));
    }
}
