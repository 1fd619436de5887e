//! A turn that is a terminal.

mod flood;
mod input;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use thirtyfour::prelude::*;

use crate::stage::{Options, Tab, play, play_in_both, play_with};

/// A server whose turns are shells in terminals of their own.
const SHELL: [&str; 7] = ["--pty", "--", "env", "PS1=% ", "bash", "--norc", "--noprofile"];
/// The lines that the terminal shows.
const LINES: &str = "[...document.querySelectorAll('#terminal .sheet:not([hidden]) .row')].map(row => row.textContent.trimEnd())";

impl Tab {
    /// Types into the terminal.
    pub(crate) async fn types(&self, keys: impl Into<thirtyfour::TypingData>) -> Result<()> {
        self.front().await?;
        Ok(self.driver.find(By::Css("#terminal .field")).await?.send_keys(keys).await?)
    }

    /// Waits until the terminal has a line.
    pub(crate) async fn until_line(&self, line: &str) -> Result<()> {
        self.until(&format!("{LINES}.includes({})", serde_json::json!(line))).await
    }

    async fn lines(&self) -> Result<Vec<String>> {
        Ok(serde_json::from_value(self.value(LINES).await?)?)
    }
}

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn a_shell_runs_and_ctrl_c_interrupts() -> Result<()> {
    play_in_both(&SHELL, async |house, browser| {
        let tab = browser.open(&house.url()).await?;
        tab.until_line("%").await?;
        ensure!(tab.shows("#terminal").await? && !tab.shows("#message").await? && !tab.shows("#log").await?);
        tab.types("echo ol''á ção 漢字; sleep 99\n").await?;
        tab.until_line("olá ção 漢字").await?;
        tab.types(Key::Control + "c").await?;
        tab.until_line("^C").await?;
        tab.types("echo di''nheiro | tr a-z A-Z\n").await?;
        tab.until_line("DINHEIRO").await?;
        tab.types("e" + Key::Backspace + Key::Up + Key::Home + "time " + Key::Enter).await?;
        tab.until("document.querySelector('#terminal').textContent.includes('real')").await?;
        tab.types("exit\n").await?;
        tab.until_state("ended").await?;
        ensure!(tab.shows("#terminal").await?, "what it said can still be read");
        tab.until_line("DINHEIRO").await
    })
    .await
}

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn vim_edits_and_saves_a_file() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("notas.txt");
    let path = file.display().to_string();
    let vim = ["--pty", "--", "vim", "-u", "NONE", "-n", path.as_str()];
    play_in_both(&vim, async |house, browser| {
        std::fs::write(&file, "um\ndois\n")?;
        let tab = browser.open(&house.url()).await?;
        tab.until_line("dois").await?;
        tab.types("jA e três" + Key::Escape).await?;
        tab.until_line("dois e três").await?;
        tab.types("" + Key::Up + "0xoçã" + Key::Escape + ":wq" + Key::Enter).await?;
        tab.until_state("ended").await?;
        let saved = std::fs::read_to_string(&file)?;
        ensure!(saved == "m\nçã\ndois e três\n", "{saved:?}");
        Ok(())
    })
    .await
}

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn the_program_knows_the_size_of_the_window() -> Result<()> {
    play_in_both(&SHELL, async |house, browser| {
        let tab = browser.open(&house.url()).await?;
        tab.until_line("%").await?;
        tab.types("while sleep 0.1; do clear; stty size; done\n").await?;
        // By the page's own measure.
        let room = "(() => { const screen = document.querySelector('#terminal .screen'),
            sample = document.querySelector('#terminal .sample').getBoundingClientRect();
            return [screen.clientHeight / sample.height, screen.clientWidth / sample.width * 50]
                .map(Math.floor).join(' '); })()";
        for (width, height) in [(1000, 700), (500, 600)] {
            tab.driver.set_window_rect(0, 0, width, height).await?;
            tab.until(&format!("innerWidth <= {width} && {LINES}[0] === {room}")).await?;
        }
        Ok(())
    })
    .await
}

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn the_screen_and_the_turn_survive_a_reload() -> Result<()> {
    play_in_both(&SHELL, async |house, browser| {
        let tab = browser.open(&house.url()).await?;
        tab.until_line("%").await?;
        tab.types("export X=guardado; printf '\\033[31mver%s\\033[m\\n' melho\n").await?;
        tab.until_line("vermelho").await?;
        tab.driver.refresh().await?;
        tab.until_state("talking").await?;
        tab.until_line("vermelho").await?;
        let red =
            tab.value("[...document.querySelectorAll('#terminal .f1')].map(run => run.textContent)").await?;
        ensure!(red == serde_json::json!(["vermelho"]), "{red}");
        tab.types("echo $X | rev\n").await?;
        tab.until_line("odadraug").await
    })
    .await
}

/// What a program prints may have come from anywhere.
#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn nothing_that_is_printed_acts_on_the_page() -> Result<()> {
    let script = r"printf '<img src=x onerror=document.title=1>\033]2;<b>eu</b>\007\033]52;c;cm0=\007\033]8;;javascript:alert(1)\033\\laço\033]8;;\033\\\033]50;x\007\n'; exec cat";
    play(&["--pty", "--", "sh", "-c", script], async |house, browser| {
        let tab = browser.open(&house.url()).await?;
        tab.until_line("<img src=x onerror=document.title=1>laço").await?;
        tab.until_text("#terminal .title", "<b>eu</b>").await?;
        ensure!(
            tab.value("document.querySelectorAll('#terminal :is(a, img, b, script, iframe)').length").await?
                == 0
        );
        let title = tab.text_of("document.title").await?;
        ensure!(!title.contains("eu") && title != "1", "{title}");
        Ok(())
    })
    .await
}

/// As when the network goes while the terminal's program comes.
#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn without_its_program_it_is_a_stream_in_this_turn_and_the_next() -> Result<()> {
    let kind = Options { may_complain: true, ..Options::default() };
    play_with(&SHELL, kind, async |house, browser| {
        let tab = browser.open("about:blank").await?;
        tab.devtools("Network.enable", serde_json::json!({})).await?;
        let blocked = serde_json::json!({ "urls": ["*vez-terminal-*_bg.wasm"] });
        tab.devtools("Network.setBlockedURLs", blocked).await?;
        tab.driver.goto(house.url()).await?;
        for word in ["um", "dois"] {
            tab.until_state("talking").await?;
            tab.until("document.querySelector('#text').checkVisibility()").await?;
            tab.say(&format!("echo {word} | rev")).await?;
            let seen: String = word.chars().rev().collect();
            tab.until(&format!("document.querySelector('#text').textContent.includes('{seen}')")).await?;
            tab.press("#leave").await?;
            tab.until_state("ended").await?;
            tab.press("#reconnect").await?;
        }
        Ok(())
    })
    .await
}

/// Where fingers type, there are the keys that keyboards on screens lack.
#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn clearing_leaves_nothing_of_it() -> Result<()> {
    play(&SHELL, async |house, browser| {
        let tab = browser.open(&house.url()).await?;
        tab.until_line("%").await?;
        tab.types("printf '\\033]2;título se%s\\007' creto; seq 100; echo se''gredo\n").await?;
        tab.until_line("segredo").await?;
        tab.until("document.querySelector('#terminal .title').textContent === 'título secreto'").await?;
        tab.press("#leave").await?;
        tab.until_state("ended").await?;
        tab.press("#clear").await?;
        tab.until("!/se.?.?gredo|secreto|50/.test(document.body.textContent)").await?;
        ensure!(tab.value("JSON.stringify({ ...sessionStorage }).includes('gredo')").await? == false);
        Ok(())
    })
    .await
}

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn what_scrolled_away_is_there_up_to_a_bound() -> Result<()> {
    play(&SHELL, async |house, browser| {
        let tab = browser.open(&house.url()).await?;
        tab.until_line("%").await?;
        tab.types("seq 20000; echo f''im\n").await?;
        tab.until_line("fim").await?;
        tab.until("document.querySelectorAll('#terminal .sheet:not([hidden]) .row').length > 10000").await?;
        let lines = tab.lines().await?;
        let first = lines.iter().position(|line| line == "19990").context("the newest are there")?;
        ensure!(
            lines[first..].iter().take(11).cloned().collect::<Vec<_>>()
                == (19990..=20000).map(|n| n.to_string()).collect::<Vec<_>>()
        );
        let numbers: Vec<u32> = lines.iter().filter_map(|line| line.parse().ok()).collect();
        ensure!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "without holes");
        ensure!(lines.len() < 10_100, "{}", lines.len());
        let at_end = "(() => { const screen = document.querySelector('#terminal .screen');
            return screen.scrollHeight - screen.scrollTop - screen.clientHeight < 2; })()";
        ensure!(tab.value(at_end).await? == Value::Bool(true));
        tab.types(Key::Shift + Key::PageUp).await?;
        tab.until(&format!("!{at_end}")).await?;
        tab.types("\n").await?;
        tab.until(at_end).await
    })
    .await
}
