//! What programs draw, beside what tmux makes of the same bytes.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use pty_process::{Command, Size};
use rstest::rstest;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;
use vez_terminal::screen::Screen;

/// Longest time for anything that is waited for.
const PATIENCE: Duration = Duration::from_secs(20);
/// When keys are pressed again: at their start programs forget what was typed ahead.
const AGAIN: Duration = Duration::from_secs(2);
const COLS: u16 = 80;
const ROWS: u16 = 24;

/// What is waited for on the screen, and which keys are pressed then.
type Step = (&'static str, &'static str);

/// What a program wrote, and where it stood when each step's text was there.
struct Recording {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

fn text(screen: &Screen) -> Vec<String> {
    screen.lines().map(|line| line.text().trim_end().to_owned()).collect()
}

/// Runs a program in a terminal of its own, which is answered what it asks.
async fn record(program: &[&str], folder: &Path, steps: &[Step]) -> Result<Recording> {
    let (mut pty, terminal) = pty_process::open()?;
    pty.resize(Size::new(ROWS, COLS))?;
    let command = Command::new(program[0]).args(&program[1..]).current_dir(folder).kill_on_drop(true);
    let command = command.env("TERM", "xterm-256color").env("LANG", "C.UTF-8").env("LC_ALL", "C.UTF-8");
    let mut child = command.env("HOME", folder).spawn(terminal)?;
    let mut screen = Screen::new(COLS.into(), ROWS.into());
    let (mut recording, mut buffer) = (Recording { bytes: Vec::new(), ends: Vec::new() }, vec![0; 4096]);
    let mut before = "";
    for (awaited, keys) in steps {
        let end = Instant::now() + PATIENCE;
        let mut is_new = false;
        while !is_new || !text(&screen).iter().any(|line| line.contains(awaited)) {
            is_new = true;
            let count = match timeout(AGAIN, pty.read(&mut buffer)).await {
                Ok(count) => count?,
                Err(_) if Instant::now() > end => bail!("no {awaited:?} in {:#?}", text(&screen)),
                Err(_) => {
                    pty.write_all(before.as_bytes()).await?;
                    continue;
                }
            };
            recording.bytes.extend_from_slice(&buffer[..count]);
            pty.write_all(&screen.feed(&buffer[..count])).await?;
        }
        recording.ends.push(recording.bytes.len());
        pty.write_all(keys.as_bytes()).await?;
        before = keys;
    }
    child.kill().await?;
    Ok(recording)
}

/// What tmux shows of bytes: it has taken them all in when it has the title that comes after them.
async fn tmux(bytes: &[u8], folder: &Path) -> Result<Vec<String>> {
    let file = folder.join("gravação");
    std::fs::File::create(&file)?.write_all(bytes)?;
    let script =
        format!(r"stty raw -echo; cat '{}'; printf '\030\033]2;pronto\007'; exec sleep 60", file.display());
    let tmux = async |arguments: &[&str]| {
        let mut command = tokio::process::Command::new("tmux");
        command.arg("-S").arg(folder.join(format!("tmux-{}", bytes.len()))).args(["-f", "/dev/null"]);
        command.args(arguments).env("LC_ALL", "C.UTF-8").stdin(Stdio::null()).output().await
    };
    let started = tmux(&["new-session", "-d", "-x", "80", "-y", "24", &script]).await?;
    ensure!(started.status.success(), "{}", String::from_utf8_lossy(&started.stderr));
    let seen = timeout(PATIENCE, async {
        while !tmux(&["display-message", "-p", "#{pane_title}"]).await?.stdout.starts_with(b"pronto") {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        tmux(&["capture-pane", "-p", "-e"]).await
    });
    let seen = seen.await.context("tmux does not draw");
    tmux(&["kill-server"]).await?;
    let seen = String::from_utf8(seen??.stdout)?;
    let mut lines: Vec<String> = drawn(&seen).lines().map(|line| line.trim_end().to_owned()).collect();
    lines.resize(ROWS.into(), String::new());
    Ok(lines)
}

/// What was captured as it is drawn: without its colours, and with the graphics between SO and SI as characters, also
/// those that tmux itself has none for.
fn drawn(captured: &str) -> String {
    let graphics = |char| match char {
        '`' => '♦',
        'a' => '▒',
        'b' => '␉',
        'c' => '␌',
        'd' => '␍',
        'e' => '␊',
        'f' => '°',
        'g' => '±',
        'h' => '␤',
        'i' => '␋',
        'j' => '┘',
        'k' => '┐',
        'l' => '┌',
        'm' => '└',
        'n' => '┼',
        'o' => '⎺',
        'p' => '⎻',
        'q' => '─',
        'r' => '⎼',
        's' => '⎽',
        't' => '├',
        'u' => '┤',
        'v' => '┴',
        'w' => '┬',
        'x' => '│',
        'y' => '≤',
        'z' => '≥',
        '{' => 'π',
        '|' => '≠',
        '}' => '£',
        '~' => '⋅',
        char => char,
    };
    let (mut drawn, mut is_graphic, mut chars) = (String::new(), false, captured.chars());
    while let Some(char) = chars.next() {
        match char {
            '\x0e' => is_graphic = true,
            '\x0f' => is_graphic = false,
            '\x1b' => _ = chars.find(char::is_ascii_alphabetic),
            char if is_graphic => drawn.push(graphics(char)),
            char => drawn.push(char),
        }
    }
    drawn
}

#[rstest]
#[case::vim(&["vim", "-u", "NONE", "-N", "-n", "texto.txt"], &[
    ("40L", ":syntax on | set number | split\r"),
    ("1 linha", "G"),
    ("40 quarenta", "oção 漢字 e 😀\x1b"),
    ("😀", ":vsplit\r\x17\x17gg\x164jlld"),
    ("5 linha", ":help\r"),
    ("help.txt", ":qa!\r"),
])]
#[case::less(&["less", "texto.txt"], &[
    ("linha 1", " "),
    ("linha 30", "/sete\r"),
    ("sete", "G"),
    ("(END)", "b"),
    (":", "q"),
])]
#[case::htop(&["htop", "-d", "5"], &[
    ("Quit", "\x1b[B\x1b[B\x1b[B"),
    ("Quit", "\x1bOQ"),
    ("Done", "\x1b[C"),
    ("Done", "\x1b"),
])]
#[case::mc(&["mc", "--nosubshell"], &[
    ("10Quit", "\x1b[20~\x1bOB"),
    ("Quick view", "\x1bOB\x1bOB"),
    ("Tree", "\x1b\x1b"),
    ("10Quit", "\t\x1bOB"),
    ("10Quit", "\x1bOP"),
    ("10", "q"),
])]
#[case::gdb(&["gdb", "-q", "-tui", "-ex", "set confirm off", "-ex", "layout asm", "/bin/true"], &[
    ("(gdb)", "layout regs\r"),
    ("Register", "help\r"),
    ("List of classes", "q"),
])]
#[case::vttest_cursor(&["vttest"], &[
    ("Enter choice number", "1\r"),
    // What comes then is for 132 columns: in 80, tmux goes back from the edge to the edge, and xterm to before it.
    ("free position around it", "\r"),
])]
#[case::vttest_screen(&["vttest"], &[
    ("Enter choice number", "2\r"),
    ("Push <RETURN>", "\r"),
    // Then 132 columns are asked for, which neither has: tmux clears its screen all the same, and xterm does not.
    ("Test of TAB setting/resetting", "\r"),
])]
#[case::vttest_charsets(&["vttest"], &[
    ("Enter choice number", "3\r"),
    ("Enter choice number", "8\r"),
    ("Push <RETURN>", "\r"),
])]
#[case::vttest_vt102(&["vttest"], &[
    ("Enter choice number", "8\r"),
    ("Push <RETURN>", "\r"),
    ("Push <RETURN>", "\r"),
    ("Push <RETURN>", "\r"),
])]
#[tokio::test]
#[ignore = "needs tmux and the programs: run cargo xtask test"]
async fn programs_draw_what_they_draw_in_tmux(
    #[case] program: &[&str],
    #[case] steps: &[Step],
) -> Result<()> {
    for needed in ["tmux", program[0]] {
        if tokio::process::Command::new("sh")
            .args(["-c", &format!("command -v {needed} > /dev/null")])
            .status()
            .await?
            .success()
        {
            continue;
        }
        let _ = writeln!(std::io::stderr(), "skipped: {needed} is not installed");
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let lines =
        (1..40).map(|number| format!("linha {number}{}\n", if number % 7 == 0 { " sete" } else { "" }));
    std::fs::write(folder.path().join("texto.txt"), lines.collect::<String>() + "quarenta\n")?;
    let recording = record(program, folder.path(), steps).await?;
    let mut screen = Screen::new(COLS.into(), ROWS.into());
    let mut fed = 0;
    for (end, (awaited, _)) in recording.ends.iter().zip(steps) {
        screen.feed(&recording.bytes[fed..*end]);
        fed = *end;
        let theirs = tmux(&recording.bytes[..*end], folder.path()).await?;
        assert_eq!(text(&screen), theirs, "at {awaited:?}");
    }
    Ok(())
}
