//! Whatever a program prints, in whatever reads it arrives: the page's terminal draws the same, answers the same and
//! nothing but what it may, holds little and never panics.
//!
//! Input: columns, rows, a byte for how many cuts follow, a byte for each cut's distance from the one before, and what
//! is printed.

#![no_main]

use libfuzzer_sys::fuzz_target;
use vez_terminal::screen::{SCROLLBACK, Screen, runs};

fuzz_target!(|input: &[u8]| {
    let [cols, rows, count, rest @ ..] = input else { return };
    let Some((cuts, printed)) = rest.split_at_checked(usize::from(*count)) else { return };
    let mut whole = Screen::new(usize::from(*cols), usize::from(*rows));
    let answers = whole.feed(printed);
    let mut pieces = Screen::new(usize::from(*cols), usize::from(*rows));
    let (mut said, mut rest) = (Vec::new(), printed);
    for cut in cuts {
        let (read, after) = rest.split_at(usize::from(*cut).min(rest.len()));
        said.extend(pieces.feed(read));
        rest = after;
    }
    said.extend(pieces.feed(rest));
    assert_eq!(said, answers, "answers depend on the cuts");
    assert_eq!(pieces.text(), whole.text(), "the text depends on the cuts");
    assert_eq!(pieces.dump(), whole.dump(), "the screen depends on the cuts");

    // No answer holds a character that was printed, but for digits.
    assert!(answers.iter().all(|byte| matches!(byte, 0x1b | b'[' | b'?' | b'>' | b';' | b'c' | b'n' | b'R' | b'0'..=b'9')));
    assert!(whole.title().chars().count() <= 200 && !whole.title().contains(char::is_control));
    assert!(whole.history() <= SCROLLBACK);
    let cursor = whole.cursor();
    for (row, line) in whole.lines().enumerate() {
        let _ = runs(line, cursor.filter(|(_, at)| *at == row).map(|(column, _)| column));
    }

    let mut restored = Screen::new(usize::from(*cols), usize::from(*rows));
    restored.restore(&whole.dump());
    assert_eq!(restored.modes(), whole.modes());
    let shown = |screen: &Screen| screen.lines().map(avt::Line::text).collect::<Vec<_>>();
    assert_eq!(shown(&restored), shown(&whole), "a reload changes the screen");
    whole.resize(usize::from(*rows), usize::from(*cols));
});
