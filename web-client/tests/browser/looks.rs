//! Screenshots of the states, into `target/screenshots`, to be looked at.

use std::path::{Path, PathBuf};

use anyhow::Result;
use serde_json::json;
use thirtyfour::prelude::*;

use crate::stage::{Browser, House, Options, Tab, play_with};

/// The sizes that are looked at: name, width, height.
const SIZES: [(&str, u32, u32); 2] = [("wide", 1100, 760), ("phone", 390, 760)];

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn the_states_are_photographed() -> Result<()> {
    let folder = folder()?;
    for (name, width, height) in SIZES {
        for scheme in ["light", "dark"] {
            let options = Options { size: (width, height), may_complain: true, ..Options::default() };
            play_with(&["--idle-limit=16s", "--warn-before=15s"], options, async |house, browser| {
                let shot =
                    Shot { folder: &folder, suffix: format!("{name}-{scheme}"), width, height, scheme };
                photograph(house, browser, &shot).await
            })
            .await?;
            let options = Options { size: (width, height), ..Options::default() };
            let stream = ["--framing=raw", "--exec", "--", "sh", "-c", STREAM];
            play_with(&stream, options, async |house, browser| {
                let shot =
                    Shot { folder: &folder, suffix: format!("{name}-{scheme}"), width, height, scheme };
                photograph_stream(house, browser, &shot).await
            })
            .await?;
            let options = Options { size: (width, height), ..Options::default() };
            play_with(&["--pty", "--", "bash", "--norc", "-c", TERMINAL], options, async |house, browser| {
                let shot =
                    Shot { folder: &folder, suffix: format!("{name}-{scheme}"), width, height, scheme };
                photograph_terminal(house, browser, &shot).await
            })
            .await?;
        }
    }
    Ok(())
}

async fn photograph_stream(house: &House, browser: &Browser, shot: &Shot<'_>) -> Result<()> {
    let tab = browser.open(&house.url()).await?;
    shot.prepare(&tab).await?;
    tab.until_state("talking").await?;
    tab.say("show version").await?;
    tab.press("[data-byte='3']").await?;
    tab.until("document.querySelector('#text').textContent.endsWith('‹03›')").await?;
    tab.write("show interfaces").await?;
    shot.take(&tab, "stream").await
}

async fn photograph_terminal(house: &House, browser: &Browser, shot: &Shot<'_>) -> Result<()> {
    let tab = browser.open(&house.url()).await?;
    shot.prepare(&tab).await?;
    tab.until_line("fim").await?;
    tab.until("document.activeElement.className === 'field'").await?;
    shot.take(&tab, "terminal").await
}

/// Colours and signs of all kinds, and a box that has to close.
const TERMINAL: &str = r#"printf ']2;bancada 3: multímetro'
    for ground in '' 4 10; do for code in 3 9; do for color in 0 1 2 3 4 5 6 7; do
        printf '[%s%s;%sm %s%s [m' $code $color "${ground:+4$ground}" $code $color; done; done; echo; done
    for color in 16 52 88 124 160 196 202 208 214 220 226; do printf '[48;5;%sm  [m' $color; done
    for blue in 0 40 80 120 160 200 240; do printf '[48;2;20;120;%sm  [m' $blue; done; echo
    printf '[1mforte[m [2mfraco[m [3mitálico[m [4msublinhado[m [9mriscado[m [7minverso[m
'
    printf '(0lqqqqqqqqqqk
x(B 漢字 e 😀 (0x
mqqqqqqqqqqj(B
'
    printf '┌──────────┐
│ ç ã é ✓ →│
└──────────┘
█▓▒░ fim
fim
$ '; exec cat"#;

/// What a device may say, with what is no text and what a terminal would obey.
const STREAM: &str = r"seq -f 'porta %g: ligada, 1000 Mb/s, sem erros desde a meia-noite' 40
    printf '\033[1mrouter#\033[0m ready \377\376\r\nname\trate\tstate\r\neth0\t1000\tup\r\n> '; exec cat";

async fn photograph(house: &House, browser: &Browser, shot: &Shot<'_>) -> Result<()> {
    let mut terminals = Vec::new();
    for _ in 0..3 {
        let mut terminal = house.terminal().await?;
        terminal.say("sair\n").await?;
        terminals.push(terminal);
    }
    for mut terminal in terminals.drain(..) {
        terminal.hear("Servidor: Desconectando...\n").await?;
    }
    let first = browser.open(&house.url()).await?;
    first.until_state("talking").await?;
    let _ahead = [house.terminal().await?, house.terminal().await?];
    let second = browser.open_another(&house.url()).await?;
    shot.prepare(&second).await?;
    second.until_place(3).await?;
    second.say("Bom dia! Cheguei cedo.").await?;
    shot.take(&second, "waiting").await?;

    shot.prepare(&first).await?;
    first.until("document.querySelector('#stay').checkVisibility()").await?;
    shot.take(&first, "warning").await?;
    first.say("Olá, tudo bem?").await?;
    first.until_count("[data-from=server]", 1).await?;
    shot.take(&first, "turn").await?;
    first.write("Uma lista:").await?;
    first.write(Key::Shift + Key::Enter).await?;
    first.say("arroz, feijão, farinha e uma palavraçãoextraordinariamentecompridaquenãocabe").await?;
    first.until_count("[data-from=server]", 2).await?;
    first.write("e mais uma coisa").await?;
    shot.take(&first, "talking").await?;
    first.press("#leave").await?;
    first.until_state("ended").await?;
    shot.take(&first, "ended").await?;
    first
        .run(
            "Math.random = () => 0.3; const Real = WebSocket;
            window.WebSocket = function (url, protocols) { return new Real(url + '-refused', protocols); }",
        )
        .await?;
    first.press("#reconnect").await?;
    first.until_text("#headline", "O servidor recusou a conexão").await?;
    shot.take(&first, "refused").await
}

/// How pictures are taken.
struct Shot<'a> {
    folder: &'a Path,
    suffix: String,
    width: u32,
    height: u32,
    scheme: &'static str,
}

impl Shot<'_> {
    /// Gives the tab its size and its colours.
    async fn prepare(&self, tab: &Tab) -> Result<()> {
        let size =
            json!({ "width": self.width, "height": self.height, "deviceScaleFactor": 1, "mobile": false });
        tab.devtools("Emulation.setDeviceMetricsOverride", size).await?;
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": self.scheme },
            { "name": "prefers-reduced-motion", "value": "reduce" }] });
        tab.devtools("Emulation.setEmulatedMedia", features).await?;
        Ok(())
    }

    async fn take(&self, tab: &Tab, state: &str) -> Result<()> {
        tab.until("new Promise(done => requestAnimationFrame(done))").await?;
        let file = self.folder.join(format!("{state}-{}.png", self.suffix));
        Ok(tab.driver.screenshot(&file).await?)
    }
}

/// `target/screenshots`, wherever cargo's target folder is.
fn folder() -> Result<PathBuf> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap_or(Path::new("target"));
    let folder = target.join("screenshots");
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}
