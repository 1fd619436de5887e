use proptest::prelude::*;
use rstest::rstest;

use super::{Look, Modes, Mouse, Run, SCROLLBACK, Screen, runs};

fn screen(bytes: &[u8]) -> Screen {
    let mut screen = Screen::new(20, 4);
    screen.feed(bytes);
    screen
}

fn shown(screen: &Screen) -> Vec<String> {
    screen.lines().map(|line| line.text().trim_end().to_owned()).collect()
}

#[rstest]
#[case::attributes(b"ab\x1b[c", "\x1b[?1;2c")]
#[case::version(b"\x1b[>c", "\x1b[>0;0;0c")]
#[case::status(b"\x1b[5n", "\x1b[0n")]
#[case::cursor_after_two(b"ab\x1b[6ncd", "\x1b[1;3R")]
#[case::cursor_at_the_edge(b"\x1b[4;1H12345678901234567890\x1b[6n", "\x1b[4;20R")]
#[case::each_in_its_place(b"\x1b[6nx\x1b[6n\x1b[0c", "\x1b[1;1R\x1b[1;2R\x1b[?1;2c")]
fn what_programs_ask_is_answered(#[case] bytes: &[u8], #[case] answer: &str) {
    for size in 1..=bytes.len() {
        let mut screen = Screen::new(20, 4);
        let answers: Vec<u8> = bytes.chunks(size).flat_map(|part| screen.feed(part)).collect();
        assert_eq!(String::from_utf8(answers).unwrap(), answer, "in pieces of {size}");
    }
}

/// What a program prints may have come from anywhere.
#[rstest]
#[case::title_read_back(b"\x1b]2;rm -rf\x07\x1b[21t")]
#[case::clipboard_read(b"\x1b]52;c;?\x07")]
#[case::clipboard_written(b"\x1b]52;c;cm0gLXJmIC8K\x07")]
#[case::colour_read(b"\x1b]11;?\x07\x1b]4;1;?\x1b\\")]
#[case::setting_read(b"\x1bP$qm\x1b\\\x1b[?1$p")]
#[case::answerback(b"\x05")]
#[case::size_of_the_page(b"\x1b[14t\x1b[18t")]
#[case::font(b"\x1b]50;?\x07")]
fn what_would_read_or_write_the_page_is_not_answered(#[case] bytes: &[u8]) {
    let mut screen = Screen::new(20, 4);
    assert_eq!(screen.feed(bytes), b"");
    assert_eq!(shown(&screen), ["", "", "", ""]);
}

#[test]
fn a_title_is_a_short_text() {
    assert_eq!(screen("\x1b]0;olá; <b>é\x07".as_bytes()).title(), "olá; <b>é");
    assert_eq!(screen(b"\x1b]2;a\xc2\x85b\x1b\\").title(), "ab");
    let long = format!("\x1b]2;{}\x07", "x".repeat(100_000));
    assert_eq!(screen(long.as_bytes()).title(), "x".repeat(200));
}

#[test]
fn modes_are_the_programs_until_a_reset() {
    let mut screen = screen(b"\x1b[?1;1002;1006h\x1b[?2004h");
    let modes =
        Modes { app_cursor: true, bracketed_paste: true, mouse: Mouse::Drags, mouse_in_decimal: true };
    assert_eq!(screen.modes(), modes);
    screen.feed(b"\x1b[?1002l\x1b[?1l");
    assert_eq!(screen.modes(), Modes { app_cursor: false, mouse: Mouse::Silent, ..modes });
    screen.feed(b"\x1bc");
    assert_eq!(screen.modes(), Modes::default());
}

fn plain(text: &str) -> Run {
    let blank = Screen::new(1, 1);
    let pen = *blank.lines().next().unwrap().cells()[0].pen();
    Run { text: text.into(), pen, look: Look::Plain }
}

#[test]
fn a_line_is_in_runs() {
    let screen = screen("ab\x1b[31mcd\x1b[m 漢é─".as_bytes());
    let line = screen.lines().next().unwrap();
    let found = runs(line, Some(7));
    let texts: Vec<&str> = found.iter().map(|run| run.text.as_str()).collect();
    assert_eq!(texts, ["ab", "cd", " ", "漢", "é", "─"]);
    assert_eq!(found[0], plain("ab"));
    assert_ne!(found[1].pen, found[0].pen);
    assert_eq!(
        [found[3].look, found[4].look, found[5].look],
        [Look::Fitted(2), Look::Cursor(1), Look::Plain]
    );
}

#[test]
fn the_cursor_is_seen_after_the_text_and_on_wide_characters() {
    let screen = screen("a 漢".as_bytes());
    let line = screen.lines().next().unwrap();
    assert_eq!(runs(line, None).len(), 2, "what is blank is left out");
    let after = runs(line, Some(6));
    assert_eq!(after.last().unwrap().look, Look::Cursor(1));
    assert_eq!(after.iter().map(|run| run.text.as_str()).collect::<String>(), "a 漢   ");
    assert_eq!(runs(line, Some(3)).last().unwrap().look, Look::Cursor(2));
}

#[test]
fn what_scrolls_out_is_kept_up_to_a_bound() {
    let mut screen = Screen::new(20, 4);
    for number in 0..SCROLLBACK + 100 {
        screen.feed(format!("{number}\r\n").as_bytes());
    }
    assert_eq!((screen.history(), screen.dropped()), (SCROLLBACK, 97));
    assert_eq!(screen.lines_from(0).next().unwrap().text().trim_end(), "97");
    assert!(screen.text().starts_with("97\n98\n"));
    assert!(!screen.take_rewritten());
    screen.feed(b"\x1b[3J");
    assert!(screen.take_rewritten() && !screen.take_rewritten());
    assert_eq!(screen.history(), 0);
    screen.resize(10, 4);
    assert!(screen.take_rewritten());
}

proptest! {
    /// A reload brings everything back that is on the screen.
    #[test]
    fn a_dump_brings_another_screen_there(parts in proptest::collection::vec(part(), 0..40)) {
        let original = screen(parts.concat().as_bytes());
        let mut restored = screen(b"antes\x1b[?1003h\x1b]2;antes\x07");
        restored.restore(&original.dump());
        prop_assert_eq!(shown(&restored), shown(&original));
        let cells = |screen: &Screen| screen.lines().map(|line| line.cells().to_vec()).collect::<Vec<_>>();
        prop_assert_eq!(cells(&restored), cells(&original));
        prop_assert_eq!(restored.modes(), original.modes());
        prop_assert_eq!(restored.title(), original.title());
        prop_assert_eq!(restored.is_alternate(), original.is_alternate());
    }

    /// Whatever comes, however it is cut.
    #[test]
    fn any_bytes_make_a_screen(parts in proptest::collection::vec(bytes(), 0..30), cols in 0..30usize, rows in 0..9usize) {
        let mut whole = Screen::new(cols, rows);
        let mut pieces = Screen::new(cols, rows);
        let joined = parts.concat();
        let answers = whole.feed(&joined);
        let each: Vec<u8> = parts.iter().flat_map(|part| pieces.feed(part)).collect();
        prop_assert_eq!(answers, each);
        prop_assert_eq!(shown(&whole), shown(&pieces));
        let cursor = whole.cursor();
        whole.lines().enumerate().for_each(|(row, line)| {
            let column = cursor.filter(|(_, at)| *at == row).map(|(column, _)| column);
            let _ = runs(line, column);
        });
        whole.resize(rows, cols);
        prop_assert_eq!(whole.size(), (rows.max(1), cols.max(1)));
    }
}

#[test]
fn a_dump_of_another_size_fits_in() {
    let mut wide = Screen::new(30, 6);
    wide.feed("uma linha de quase trinta\r\n\x1b[4;1Hfim".as_bytes());
    let mut narrow = screen(b"");
    narrow.restore(&wide.dump());
    assert_eq!(narrow.size(), (20, 4));
    assert_eq!(
        narrow.text().lines().take(4).collect::<Vec<_>>(),
        ["uma linha de quase trinta", "", "", "fim"]
    );
    narrow.restore("\x1bc\x1b[8;9999999999;tx");
    assert_eq!((narrow.size(), shown(&narrow)[0].as_str()), ((20, 4), "x"));
}

fn part() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z ]{1,9}",
        Just("漢\r\n".to_owned()),
        Just("\x1b[?1049h".to_owned()),
        Just("\x1b[?1049l".to_owned()),
        Just("\x1b[?1000;1006h".to_owned()),
        Just("\x1b[?2004;1h".to_owned()),
        Just("\x1b]2;título\x07".to_owned()),
        (1..9u8, 1..9u8).prop_map(|(row, column)| format!("\x1b[{row};{column}H")),
        (0..50u8).prop_map(|code| format!("\x1b[{code}m")),
        (1..5u8).prop_map(|top| format!("\x1b[{top};4r")),
        Just("\x1b[2J".to_owned()),
    ]
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        part().prop_map(String::into_bytes),
        proptest::collection::vec(any::<u8>(), 0..20),
        proptest::collection::vec(
            prop_oneof![Just(0x1b), Just(b'['), Just(b'?'), Just(b';'), b'0'..=b'9', b'@'..=b'z'],
            0..20
        ),
    ]
}
