use proptest::prelude::*;
use rstest::rstest;

use super::{Doing, Held, Pointer, control, key, mouse, paste};
use crate::screen::{Modes, Mouse};

const NONE: Held = Held { shift: false, alt: false, ctrl: false };
const SHIFT: Held = Held { shift: true, ..NONE };
const ALT: Held = Held { alt: true, ..NONE };
const CTRL: Held = Held { ctrl: true, ..NONE };
const APP: Modes =
    Modes { app_cursor: true, bracketed_paste: true, mouse: Mouse::Silent, mouse_in_decimal: false };

/// What xterm sends.
#[rstest]
#[case::up("ArrowUp", NONE, "\x1b[A", "\x1bOA")]
#[case::ctrl_left("ArrowLeft", CTRL, "\x1b[1;5D", "\x1b[1;5D")]
#[case::shift_alt_right("ArrowRight", Held { shift: true, ..ALT }, "\x1b[1;4C", "\x1b[1;4C")]
#[case::home("Home", NONE, "\x1b[H", "\x1bOH")]
#[case::delete("Delete", NONE, "\x1b[3~", "\x1b[3~")]
#[case::ctrl_page_down("PageDown", CTRL, "\x1b[6;5~", "\x1b[6;5~")]
#[case::f1("F1", NONE, "\x1bOP", "\x1bOP")]
#[case::shift_f4("F4", SHIFT, "\x1b[1;2S", "\x1b[1;2S")]
#[case::f5("F5", NONE, "\x1b[15~", "\x1b[15~")]
#[case::f12("F12", NONE, "\x1b[24~", "\x1b[24~")]
#[case::enter("Enter", NONE, "\r", "\r")]
#[case::alt_enter("Enter", ALT, "\x1b\r", "\x1b\r")]
#[case::escape("Escape", NONE, "\x1b", "\x1b")]
#[case::tab("Tab", NONE, "\t", "\t")]
#[case::back_tab("Tab", SHIFT, "\x1b[Z", "\x1b[Z")]
#[case::backspace("Backspace", NONE, "\x7f", "\x7f")]
#[case::ctrl_backspace("Backspace", CTRL, "\x08", "\x08")]
#[case::ctrl_c("c", CTRL, "\x03", "\x03")]
#[case::ctrl_space(" ", CTRL, "\0", "\0")]
#[case::ctrl_backslash("\\", CTRL, "\x1c", "\x1c")]
#[case::ctrl_alt_x("x", Held { alt: true, ..CTRL }, "\x1b\x18", "\x1b\x18")]
#[case::alt_b("b", ALT, "\x1bb", "\x1bb")]
#[case::alt_c_cedilla("ç", ALT, "\x1bç", "\x1bç")]
fn keys_send_what_xterm_sends(
    #[case] name: &str,
    #[case] held: Held,
    #[case] normal: &str,
    #[case] app: &str,
) {
    assert_eq!(key(name, held, Modes::default()).as_deref(), Some(normal.as_bytes()));
    assert_eq!(key(name, held, APP).as_deref(), Some(app.as_bytes()));
}

#[rstest]
#[case::text("a", NONE)]
#[case::capital("A", SHIFT)]
#[case::composed("ã", NONE)]
#[case::dead("Dead", NONE)]
#[case::shift_itself("Shift", SHIFT)]
#[case::copy("C", Held { shift: true, ..CTRL })]
#[case::no_control("ç", CTRL)]
#[case::media("AudioVolumeUp", NONE)]
fn what_makes_text_or_is_the_browsers_sends_nothing(#[case] name: &str, #[case] held: Held) {
    assert_eq!(key(name, held, APP), None);
}

#[test]
fn control_makes_the_32_and_del() {
    let all: std::collections::BTreeSet<u8> = (' '..='~').filter_map(control).collect();
    assert_eq!(all, (0..32).chain([0x7f]).collect());
}

fn at(column: usize, row: usize, held: Held) -> Pointer {
    Pointer { column, row, held }
}

#[rstest]
#[case::press(Doing::Press(0), NONE, "\x1b[<0;3;5M", "\x1b[M #%")]
#[case::release(Doing::Release(2), NONE, "\x1b[<2;3;5m", "\x1b[M##%")]
#[case::drag(Doing::Move(Some(0)), NONE, "\x1b[<32;3;5M", "\x1b[M@#%")]
#[case::motion(Doing::Move(None), NONE, "\x1b[<35;3;5M", "\x1b[MC#%")]
#[case::wheel_up(Doing::WheelUp, NONE, "\x1b[<64;3;5M", "\x1b[M`#%")]
#[case::wheel_down_with_ctrl(Doing::WheelDown, CTRL, "\x1b[<81;3;5M", "\x1b[Mq#%")]
fn the_mouse_sends_what_xterm_sends(
    #[case] doing: Doing,
    #[case] held: Held,
    #[case] decimal: &str,
    #[case] old: &str,
) {
    let modes = Modes { mouse: Mouse::Motion, mouse_in_decimal: true, ..Modes::default() };
    assert_eq!(mouse(at(2, 4, held), doing, modes).as_deref(), Some(decimal.as_bytes()));
    let modes = Modes { mouse_in_decimal: false, ..modes };
    assert_eq!(mouse(at(2, 4, held), doing, modes).as_deref(), Some(old.as_bytes()));
}

#[test]
fn the_mouse_tells_no_more_than_was_asked() {
    let told = |mouse_mode, doing| {
        mouse(at(0, 0, NONE), doing, Modes { mouse: mouse_mode, ..Modes::default() }).is_some()
    };
    let doings = [Doing::Press(0), Doing::Move(Some(0)), Doing::Move(None)];
    for (mode, expected) in [
        (Mouse::Silent, [false, false, false]),
        (Mouse::Buttons, [true, false, false]),
        (Mouse::Drags, [true, true, false]),
        (Mouse::Motion, [true, true, true]),
    ] {
        assert_eq!(doings.map(|doing| told(mode, doing)), expected, "{mode:?}");
    }
}

#[test]
fn a_column_without_a_character_is_the_last_that_has_one() {
    let modes = Modes { mouse: Mouse::Buttons, ..Modes::default() };
    assert_eq!(mouse(at(500, 222, NONE), Doing::Press(0), modes), Some(b"\x1b[M \xff\xff".to_vec()));
}

#[test]
fn pasted_lines_end_as_the_return_key_ends_them() {
    assert_eq!(paste("um\ndois\r\ntrês\t!", Modes::default()), "um\rdois\rtrês\t!".as_bytes());
    assert_eq!(paste("um", APP), b"\x1b[200~um\x1b[201~");
}

proptest! {
    /// Who copied a text from elsewhere does not know what is in it.
    #[test]
    fn nothing_pasted_acts_as_a_key(text in any::<String>(), end in "\\PC*") {
        let pasted = paste(&(text + "\x1b[201~\x03\u{9b}" + &end), APP);
        let inner = pasted.strip_prefix(b"\x1b[200~").unwrap().strip_suffix(b"\x1b[201~").unwrap();
        let inner = std::str::from_utf8(inner).unwrap();
        prop_assert!(inner.chars().all(|char| !char.is_control() || matches!(char, '\t' | '\r')));
    }
}
