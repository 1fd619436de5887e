//! What came in a stream: one text, of which the newest part is shown and more can be saved.

mod decoder;

use std::borrow::Cow;

use decoder::Decoder;

/// What makes a terminal as new (xterm's ctlseqs, RIS). What a terminal is kept as begins so, and no other stream does.
pub(super) const RESET: &str = "\x1bc";

/// How much is shown at most, in bytes.
pub(crate) const SHOWN: usize = 256 * 1024;
/// How much can be saved at most, in bytes.
pub(crate) const KEPT: usize = 4 * 1024 * 1024;
/// From which size on a piece ends with its line, in bytes.
const PIECE: usize = 4 * 1024;
/// How large a piece with a long line may grow, in bytes.
const LONGEST_PIECE: usize = 16 * 1024;
/// How much may come in a second that is still read out, in bytes: more than anybody could listen to.
const AUDIBLE: usize = 512;

/// A stream.
#[derive(Debug)]
pub(crate) struct Stream {
    /// Whether a terminal draws it.
    pub(crate) is_terminal: bool,
    /// What a terminal was kept as over a reload, until it is taken up.
    dump: Option<String>,
    /// What ends a line that is sent.
    newline: Cow<'static, str>,
    decoder: Decoder,
    /// The text, oldest first, in pieces that end with a line where lines are not too long; all but the last are full.
    pieces: Vec<String>,
    /// How many bytes the pieces have together.
    bytes: usize,
    /// How many pieces were dropped before them.
    dropped: usize,
    /// When the last second with text began, in milliseconds since the epoch, and how many bytes came in it.
    pace: (u64, usize),
}

impl Stream {
    /// An empty stream.
    pub(crate) fn new() -> Self {
        Self {
            is_terminal: false,
            dump: None,
            newline: Cow::Borrowed(""),
            decoder: Decoder::default(),
            pieces: Vec::new(),
            bytes: 0,
            dropped: 0,
            pace: (0, 0),
        }
    }

    /// Takes up what was kept over a reload.
    pub(super) fn restore(text: &str) -> Self {
        let mut stream = Self::new();
        if text.starts_with(RESET) {
            stream.is_terminal = true;
            stream.dump = Some(text.into());
        } else {
            stream.add(text);
        }
        stream
    }

    /// What a terminal was kept as, once.
    pub(super) fn take_dump(&mut self) -> Option<String> {
        self.dump.take()
    }

    /// The turn goes on over another connection.
    pub(super) fn go_on(&mut self, newline: Option<Cow<'static, str>>) {
        self.newline = newline.unwrap_or(Cow::Borrowed("\n"));
    }

    /// A turn begins, in which lines that are sent end so; what came before stays.
    pub(super) fn begin(&mut self, newline: Option<Cow<'static, str>>) {
        self.go_on(newline);
        let rest = self.decoder.finish();
        self.add(&rest);
        if self.pieces.last().is_some_and(|piece| !piece.ends_with(['\n'])) {
            self.add("\n");
        }
    }

    /// A line as it is sent.
    pub(super) fn line(&self, draft: &str) -> String {
        draft.replace(['\n'], &self.newline) + &self.newline
    }

    /// Takes in what came at a time in milliseconds since the epoch.
    pub(crate) fn push(&mut self, bytes: &[u8], now: u64) {
        if now >= self.pace.0.saturating_add(1000) {
            self.pace = (now, 0);
        }
        self.pace.1 += bytes.len();
        let text = self.decoder.decode(bytes);
        self.add(&text);
    }

    /// Whether more comes than can be read out.
    pub(crate) fn is_flood(&self) -> bool {
        self.pace.1 > AUDIBLE
    }

    /// The pieces that are shown, with the number of the first since the beginning.
    pub(crate) fn shown(&self) -> (usize, &[String]) {
        let mut room = SHOWN;
        let fits = |piece: &&String| {
            let left = room.checked_sub(piece.len());
            room = left.unwrap_or_default();
            left.is_some()
        };
        let hidden = self.pieces.len() - self.pieces.iter().rev().take_while(fits).count();
        (self.dropped + hidden, self.pieces.get(hidden..).unwrap_or_default())
    }

    /// As much of the newest part as is shown.
    pub(crate) fn newest(&self) -> String {
        self.shown().1.concat()
    }

    /// All that is kept.
    pub(crate) fn kept(&self) -> String {
        let mut text = String::with_capacity(self.bytes);
        self.pieces.iter().for_each(|piece| text.push_str(piece));
        text
    }

    /// Whether more came than is kept.
    pub(crate) fn is_cut(&self) -> bool {
        self.dropped > 0
    }

    fn add(&mut self, text: &str) {
        let mut rest = text;
        while !rest.is_empty() {
            let last = match self.pieces.last_mut() {
                Some(last) if !is_full(last) => last,
                _ => {
                    self.pieces.push(String::new());
                    continue;
                }
            };
            let (part, after) = rest.split_at_checked(part(last.len(), rest)).unwrap_or((rest, ""));
            last.push_str(part);
            self.bytes += part.len();
            rest = after;
        }
        let mut dropped = 0;
        while self.bytes > KEPT {
            self.bytes -= self.pieces.get(dropped).map_or(self.bytes, String::len);
            dropped += 1;
        }
        if dropped > 0 {
            self.pieces = std::mem::take(&mut self.pieces).into_iter().skip(dropped).collect();
            self.dropped += dropped;
        }
    }
}

fn is_full(piece: &str) -> bool {
    // A character more may not fit.
    piece.len() > LONGEST_PIECE - 4 || piece.len() >= PIECE && piece.ends_with(['\n'])
}

/// How much of a text goes into a piece with so many bytes: up to the line end with which the piece is full.
fn part(has: usize, text: &str) -> usize {
    let longest = text.floor_char_boundary(LONGEST_PIECE - has);
    let least = PIECE.saturating_sub(has + 1);
    let bytes = text.as_bytes().get(least..longest).unwrap_or_default();
    bytes.iter().position(|byte| *byte == b'\n').map_or(longest, |at| least + at + 1)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{KEPT, LONGEST_PIECE, PIECE, SHOWN, Stream};

    fn stream<'a>(frames: impl IntoIterator<Item = &'a str>) -> Stream {
        let mut stream = Stream::new();
        frames.into_iter().for_each(|frame| stream.push(frame.as_bytes(), 0));
        stream
    }

    #[rstest]
    #[case::short_lines("y\n")]
    #[case::lines("uma linha como outra qualquer: é\n")]
    #[case::one_line("€")]
    fn pieces_are_the_text_and_end_with_their_lines(#[case] unit: &str) {
        let text = unit.repeat(100_000 / unit.len());
        for size in [7, 1000, 50_000, 200_000] {
            let mut stream = Stream::new();
            text.as_bytes().chunks(size).for_each(|frame| stream.push(frame, 0));
            assert!(stream.kept() == text);
            let (_, pieces) = stream.shown();
            assert!(pieces.iter().all(|piece| piece.len() <= LONGEST_PIECE));
            let (_, full) = pieces.split_last().expect("pieces");
            assert!(full.iter().all(|piece| piece.len() >= PIECE));
            assert!(full.iter().all(|piece| piece.ends_with('\n') == unit.ends_with('\n')));
        }
    }

    #[test]
    fn the_newest_part_is_shown_and_more_is_kept() {
        let line = "x".repeat(99) + "\n";
        let mut stream = stream([line.repeat(KEPT / 100).as_str()]);
        let (first, pieces) = stream.shown();
        let shown: usize = pieces.iter().map(String::len).sum();
        assert!(shown <= SHOWN && shown > SHOWN - LONGEST_PIECE, "{shown}");
        assert!(first > 0 && !stream.is_cut());
        for _ in 0..3 {
            stream.push(line.repeat(KEPT / 100).as_bytes(), 0);
            stream.push(b"fim", 0);
            assert!(stream.is_cut());
            assert!(stream.kept().len() <= KEPT && stream.kept().len() > KEPT - LONGEST_PIECE);
            assert!(stream.kept().ends_with("fim"));
            let (next, pieces) = stream.shown();
            assert_eq!(next + pieces.len(), stream.dropped + stream.pieces.len(), "numbers go on");
        }
    }

    #[rstest]
    #[case(Some("\r\n"), "um\r\ndois\r\n", "\r\n")]
    #[case(Some(""), "umdois", "")]
    #[case(None, "um\ndois\n", "\n")]
    fn every_line_ends_as_the_turn_says(
        #[case] newline: Option<&'static str>,
        #[case] two: &str,
        #[case] none: &str,
    ) {
        let mut stream = Stream::new();
        stream.begin(newline.map(Into::into));
        assert_eq!((stream.line("um\ndois").as_str(), stream.line("").as_str()), (two, none));
    }

    #[test]
    fn another_turn_begins_on_a_line_of_its_own() {
        let mut stream = stream(["antes \r"]);
        stream.begin(None);
        stream.push("depois\n".as_bytes(), 0);
        stream.begin(None);
        assert_eq!(stream.kept(), "antes ‹0d›\ndepois\n");
    }

    #[test]
    fn a_flood_is_what_nobody_could_listen_to() {
        let mut stream = Stream::new();
        for second in 0..10 {
            stream.push(&[b'x'; 500], second * 1000);
            assert!(!stream.is_flood());
        }
        stream.push(&[b'x'; 500], 9_500);
        assert!(stream.is_flood());
        stream.push(b"calma", 10_500);
        assert!(!stream.is_flood());
    }
}
