//! Everybody: axe-core, the keyboard, small screens and large letters.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use thirtyfour::prelude::*;

use crate::stage::{Options, PATIENCE, Tab, play, play_with};
use crate::{figure, signin};

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn axe_finds_nothing_in_any_state() -> Result<()> {
    let Some(axe) = axe() else {
        figure!("skipped: axe-core is not installed (npm install --prefix target/npm axe-core)");
        return Ok(());
    };
    let axe = std::fs::read_to_string(axe)?;
    play(&["--idle-limit=16s", "--warn-before=15s"], async |house, browser| {
        let first = browser.open(&house.url()).await?;
        first.until_state("talking").await?;
        examine(&first, &axe, "talking").await?;
        let second = browser.open_another(&house.url()).await?;
        second.until_place(1).await?;
        second.say("adiantada").await?;
        examine(&second, &axe, "waiting").await?;
        first.until("document.querySelector('#stay').checkVisibility()").await?;
        examine(&first, &axe, "warned").await?;
        first.say("olá").await?;
        first.say(" ").await?;
        first.until_count(".message[data-state=answered]", 1).await?;
        examine(&first, &axe, "answered").await?;
        first.press("#leave").await?;
        first.until_state("ended").await?;
        examine(&first, &axe, "ended").await
    })
    .await
}

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn a_stream_is_for_everybody_too() -> Result<()> {
    let options = ["--framing=raw", "--exec", "--", "sh", "-c", "seq 100000; exec cat"];
    play(&options, async |house, browser| {
        let tab = browser.open(&house.url()).await?;
        tab.until("document.querySelector('#text').textContent.endsWith('\\n100000\\n')").await?;
        if let Some(axe) = axe() {
            examine(&tab, &std::fs::read_to_string(axe)?, "streaming").await?;
        }
        fit(&tab, 320, 640).await?;
        let wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
        ensure!(tab.value(wide).await? == 0, "320 px are too few");
        tab.run("document.querySelector('#message').focus()").await?;
        let mut reached = Vec::new();
        for _ in 0..7 {
            tab.driver.action_chain().send_keys(Key::Tab).perform().await?;
            reached.push(tab.text_of("document.activeElement.innerText.split(',')[0].trim()").await?);
        }
        for key in ["Ctrl-C", "Ctrl-D", "Ctrl-Z", "Esc", "Tab"] {
            ensure!(reached.iter().any(|name| name == key), "{key} is not reached: {reached:?}");
        }
        Ok(())
    })
    .await
}

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn a_terminal_is_for_everybody_too() -> Result<()> {
    // All colours on the ground that programs expect, and more lines than there is room for.
    let script = r"seq 100; for code in 3 9; do for color in 0 1 2 3 4 5 6 7; do
        printf '\033[%s%smcor %s%s\033[m ' $code $color $code $color; done; echo; done
        printf '\033[1mforte\033[m \033[2mfraco\033[m \033[7minverso\033[m\n'; exec cat";
    play(&["--pty", "--", "sh", "-c", script], async |house, browser| {
        let tab = browser.open(&house.url()).await?;
        tab.until_line("forte fraco inverso").await?;
        if let Some(axe) = axe() {
            examine(&tab, &std::fs::read_to_string(axe)?, "terminal").await?;
        }
        fit(&tab, 320, 640).await?;
        let wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
        ensure!(tab.value(wide).await? == 0, "320 px are too few");
        // Of the lines that are finished, those are said that anybody could listen to.
        let said = "document.querySelector('#terminal [role=log]').textContent";
        tab.types("olá\n").await?;
        tab.until(&format!("{said}.includes('olá')")).await?;
        ensure!(tab.value(&format!("!{said}.includes('50')")).await? == true);
        Ok(())
    })
    .await
}

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn signing_in_is_for_everybody_too() -> Result<()> {
    let Some(axe) = axe() else {
        figure!("skipped: axe-core is not installed (npm install --prefix target/npm axe-core)");
        return Ok(());
    };
    let (axe, folder) = (std::fs::read_to_string(axe)?, tempfile::tempdir()?);
    let people = signin::people(&folder)?;
    // The form is a 401.
    let kind = Options { may_complain: true, ..Options::default() };
    play_with(&["--htpasswd", &people, "--tcp-anyone"], kind, async |house, browser| {
        let tab = browser.open(&house.url()).await?;
        tab.until("document.querySelector('#nome')").await?;
        fit(&tab, 320, 640).await?;
        examine(&tab, &axe, "form").await?;
        signin::sign_in(&tab, "errada").await?;
        tab.until("document.querySelector('[role=alert]')").await?;
        examine(&tab, &axe, "wrong").await?;
        signin::sign_in(&tab, "segredo").await?;
        tab.until("document.querySelector('#account').checkVisibility()").await?;
        examine(&tab, &axe, "named").await?;
        tab.press("#account").await?;
        tab.until("document.querySelector('strong')").await?;
        examine(&tab, &axe, "account").await
    })
    .await
}

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn everything_is_reached_by_keyboard_and_seen_to_be() -> Result<()> {
    play(&[], async |house, browser| {
        let tab = browser.open(&house.url()).await?;
        tab.until_state("talking").await?;
        tab.say("um").await?;
        tab.say("dois").await?;
        tab.until_count("[data-from=server]", 2).await?;
        tab.until("document.activeElement.id === 'message'").await?;
        let mut reached = Vec::new();
        for _ in 0..7 {
            tab.driver.action_chain().send_keys(Key::Tab).perform().await?;
            let outline = tab.text_of("getComputedStyle(document.activeElement).outlineStyle").await?;
            let name = tab.text_of("document.activeElement.id || document.activeElement.className").await?;
            ensure!(name.is_empty() || outline == "solid", "{name} has no visible focus: {outline}");
            reached.push(name);
        }
        reached.retain(|name| !name.is_empty());
        for id in ["send", "leave", "save", "sound", "language", "log"] {
            ensure!(reached.iter().any(|name| name == id), "{id} is not reached: {reached:?}");
        }
        Ok(())
    })
    .await
}

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn nothing_needs_sideways_scrolling() -> Result<()> {
    // 320 px wide; and 1280 px at 200 % is 640 px with everything twice as large.
    for (width, height) in [(320, 640), (640, 380), (320, 256)] {
        let options = Options { size: (width.max(500), height), ..Options::default() };
        play_with(&["--idle-limit=16s", "--warn-before=15s"], options, async |house, browser| {
            let first = browser.open(&house.url()).await?;
            fit(&first, width, height).await?;
            first.until_state("talking").await?;
            first.say(&"palavra".repeat(40)).await?;
            first.until_count("[data-from=server]", 1).await?;
            let second = browser.open_another(&house.url()).await?;
            fit(&second, width, height).await?;
            second.until_place(1).await?;
            for tab in [&first, &second] {
                tab.press("#language").await?;
                let wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
                ensure!(tab.value(wide).await? == 0, "{width} px are too few");
                tab.run("document.querySelector('#message').scrollIntoView()").await?;
                ensure!(tab.shows("#message").await?);
            }
            Ok(())
        })
        .await?;
    }
    Ok(())
}

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn what_is_said_aloud_is_only_what_is_new() -> Result<()> {
    play(&[], async |house, browser| {
        let tab = browser.open(&house.url()).await?;
        tab.until_state("talking").await?;
        tab.say("um").await?;
        tab.until_count("[data-from=server]", 1).await?;
        tab.run(
            "window.rows = 0; window.spoken = 0;
            new MutationObserver(list => list.forEach(change => 
                change.addedNodes.forEach(node => rows += node.nodeType === Node.ELEMENT_NODE)))
                .observe(document.querySelector('#list'), { childList: true, subtree: true });
            new MutationObserver(list => spoken += list.length)
                .observe(document.querySelector('#status'), { childList: true, subtree: true, characterData: true });",
        )
        .await?;
        tab.say("dois").await?;
        tab.until_count("[data-from=server]", 2).await?;
        assert_eq!(tab.value("rows").await?, 2);
        assert_eq!(tab.value("spoken").await?, 0);
        let roles = "['#log', '#status', '#alert'].map(id => document.querySelector(id).role).join(' ')";
        assert_eq!(tab.text_of(roles).await?, "log status alert");
        Ok(())
    })
    .await
}

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn the_turn_is_said_once() -> Result<()> {
    play(&[], async |house, browser| {
        let first = browser.open(&house.url()).await?;
        first.until_state("talking").await?;
        let second = browser.open_another(&house.url()).await?;
        second.until_place(1).await?;
        second
            .run(
                "window.spoken = []; new MutationObserver(changes => changes.forEach(change => {
                    const parts = change.type === 'characterData' ? [change.target] : [...change.addedNodes];
                    parts.forEach(node => {
                        const start = node.nodeType === Node.ELEMENT_NODE ? node : node.parentElement;
                        const live = start?.closest('[aria-live], [role=status], [role=alert], [role=log]');
                        if (live && live.ariaLive !== 'off' && node.textContent) spoken.push(node.textContent);
                    });
                })).observe(document.body, { childList: true, subtree: true, characterData: true });",
            )
            .await?;
        first.say("sair").await?;
        second.until_state("talking").await?;
        second.until_count("[data-from=page]", 1).await?;
        second.until("spoken.length > 0").await?;
        assert_eq!(second.text_of("spoken.join(' | ')").await?, "É a sua vez");
        Ok(())
    })
    .await
}

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn the_focus_never_falls_to_the_body() -> Result<()> {
    play(&["--idle-limit=16s", "--warn-before=15s"], async |house, browser| {
        let tab = browser.open(&house.url()).await?;
        tab.until_state("talking").await?;
        let mut terminal = house.terminal().await?;
        for button in ["stay", "leave", "reconnect"] {
            tab.until(&format!("document.querySelector('#{button}:enabled').checkVisibility()")).await?;
            tab.run(&format!("document.querySelector('#{button}').focus()")).await?;
            tab.driver.action_chain().send_keys(Key::Enter).perform().await?;
            tab.until(&format!("document.querySelector('#{button}').hidden")).await?;
            tab.until("document.activeElement.id === 'message'").await?;
        }
        terminal.say("sair\n").await
    })
    .await
}

async fn fit(tab: &Tab, width: u32, height: u32) -> Result<()> {
    let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
    tab.devtools("Emulation.setDeviceMetricsOverride", size).await?;
    Ok(())
}

/// Examines a state in light and dark, without motion, so that no colour is half way.
async fn examine(tab: &Tab, axe: &str, state: &str) -> Result<()> {
    for scheme in ["light", "dark"] {
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme },
            { "name": "prefers-reduced-motion", "value": "reduce" }] });
        tab.devtools("Emulation.setEmulatedMedia", features).await?;
        tab.run(axe).await?;
        let script =
            "const done = arguments[0]; axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa',
            'wcag22aa', 'best-practice'] }).then(result => done(result.violations.map(violation =>
            [violation.id, violation.nodes.map(node => node.html + ' ' + node.failureSummary)])));";
        tab.driver.set_script_timeout(PATIENCE).await?;
        let found = tab.driver.execute_async(script, Vec::new()).await?;
        let found: &Value = found.json();
        ensure!(found.as_array().context("a list")?.is_empty(), "{state}, {scheme}: {found:#}");
    }
    Ok(())
}

/// Where axe-core is: `VEZ_AXE`, or below cargo's target folder.
fn axe() -> Option<PathBuf> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent()?;
    let installed = target.join("npm/node_modules/axe-core/axe.min.js");
    std::env::var_os("VEZ_AXE").map(PathBuf::from).or(Some(installed)).filter(|path| path.exists())
}
