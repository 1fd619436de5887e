//! What a test sees and presses on a pseudo-terminal.
#![allow(clippy::unwrap_used, reason = "these are tests")]

use rexpect::session::PtySession;
use rustix::termios::{LocalModes, tcgetattr};

use super::LEFT;

/// Waits until `text` is shown; rexpect takes every byte for a character.
pub(crate) fn see(terminal: &mut PtySession, text: &str) {
    let text: String = text.bytes().map(char::from).collect();
    terminal.exp_string(&text).unwrap();
}

/// Types without a newline of its own.
pub(crate) fn press(terminal: &mut PtySession, keys: &str) {
    terminal.send(keys).unwrap();
    terminal.flush().unwrap();
}

/// Waits for the end: the last line, the exit status, and the terminal as it was before.
pub(crate) fn expect_end(mut terminal: PtySession, status: i32) {
    // Its own lines begin at the left.
    see(&mut terminal, &LEFT.replace('\n', "\r\n"));
    expect_exit(terminal, status);
}

/// Waits for the end, whatever is shown before.
pub(crate) fn expect_exit(mut terminal: PtySession, status: i32) {
    let handle = terminal.process().get_file_handle().unwrap();
    terminal.exp_eof().unwrap();
    let end = format!("{:?}", terminal.process().wait().unwrap());
    assert!(end.starts_with("Exited") && end.ends_with(&format!(", {status})")), "{end}");
    let modes = tcgetattr(&handle).unwrap().local_modes;
    assert!(modes.contains(LocalModes::ICANON | LocalModes::ISIG), "{modes:?}");
}
