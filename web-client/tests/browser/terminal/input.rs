//! What goes into a terminal: pasted, composed, pointed at, and by keys on screens.

use anyhow::{Result, ensure};
use thirtyfour::prelude::*;

use super::{LINES, SHELL};
use crate::stage::{play, play_in_both};

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn a_large_paste_arrives_whole_and_text_is_copied() -> Result<()> {
    // Raw, so that the terminal's own limit on lines cuts nothing.
    let script = "stty raw -echo; printf 'pronto\\r\\n'; head -c 100000 | sha256sum; stty sane; exec cat";
    play_in_both(&["--pty", "--", "sh", "-c", script], async |house, browser| {
        let tab = browser.open(&house.url()).await?;
        tab.until_line("pronto").await?;
        tab.run(
            "const source = document.createElement('textarea'); source.value = 'x'.repeat(99_999) + 'y';
            source.id = 'source'; document.body.append(source); source.focus(); source.select();",
        )
        .await?;
        tab.driver.find(By::Id("source")).await?.send_keys(Key::Control + "c").await?;
        tab.run("document.querySelector('#source').remove()").await?;
        tab.types(Key::Control + Key::Shift + "v").await?;
        // printf %s "$(yes x | head -99999 | tr -d '\n')y" | sha256sum
        tab.until_line(&format!("{PASTED}  -")).await?;
        // As with the mouse: what is selected has the focus.
        tab.run(
            "document.querySelector('#terminal .screen').focus();
            getSelection().selectAllChildren(document.querySelector('#terminal .row'))",
        )
        .await?;
        tab.driver
            .action_chain()
            .key_down(Key::Control)
            .send_keys("c")
            .key_up(Key::Control)
            .perform()
            .await?;
        // Keys go on to the program, and so does what was copied.
        tab.driver.action_chain().send_keys("<").perform().await?;
        tab.types(Key::Control + Key::Shift + "v").await?;
        tab.types("> e\n").await?;
        tab.until(&format!("{LINES}.join('').includes('<pronto> e')")).await
    })
    .await
}

/// The SHA-256 of what is pasted.
const PASTED: &str = "b2841db0fae09da20257b7cb1449571eda2caa57db1e2375eb652e38204047e9";

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn composed_characters_are_sent_when_they_are_whole() -> Result<()> {
    play_in_both(&["--pty", "--", "cat"], async |house, browser| {
        let tab = browser.open(&house.url()).await?;
        tab.until_state("talking").await?;
        tab.until("document.activeElement.className === 'field'").await?;
        // Dead keys, and an input method.
        for (steps, text) in [(&["~"][..], "ã"), (&["´"], "ç"), (&["k", "か", "かん", "漢"], "漢字")]
        {
            browser.compose(&tab, steps, text).await?;
        }
        tab.types("" + Key::Enter).await?;
        tab.until(&format!("JSON.stringify({LINES}.slice(0, 2)) === '[\"ãç漢字\",\"ãç漢字\"]'")).await
    })
    .await
}

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn the_mouse_is_the_programs_where_it_asks() -> Result<()> {
    let script = r"stty -echo -icanon; printf 'pronto\033[?1000;1006h\n'; head -c 18 | od -An -c; printf '\033[?1000l'; exec cat";
    play(&["--pty", "--", "sh", "-c", script], async |house, browser| {
        let tab = browser.open(&house.url()).await?;
        tab.until_line("pronto").await?;
        let row = tab.driver.find(By::Css("#terminal .row")).await?;
        tab.driver.action_chain().move_to_element_with_offset(&row, 0, 0).click().perform().await?;
        tab.until(
            "document.querySelector('#terminal').textContent.includes('M 033')
            || document.querySelector('#terminal').textContent.replace(/ +/g, ' ').includes('M 033 [ < 0')",
        )
        .await
    })
    .await
}

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn the_keyboard_comes_out_again() -> Result<()> {
    play(&SHELL, async |house, browser| {
        let tab = browser.open(&house.url()).await?;
        tab.until_line("%").await?;
        tab.types("ech" + Key::Tab + "a\n").await?;
        tab.until("document.activeElement.className === 'field'").await?;
        tab.types(Key::Control + Key::Shift + Key::Down).await?;
        tab.until("document.activeElement.id === 'leave'").await?;
        ensure!(tab.shows(".way-out").await?);
        tab.press("#leave").await?;
        tab.until_state("ended").await?;
        // What can only be read holds no key back.
        tab.run("document.querySelector('#terminal .field').focus()").await?;
        tab.types(Key::Tab).await?;
        tab.until("document.activeElement.className !== 'field'").await
    })
    .await
}

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn fingers_have_keys_of_their_own() -> Result<()> {
    play(&SHELL, async |house, browser| {
        let tab = browser.open(&house.url()).await?;
        tab.until_line("%").await?;
        ensure!(!tab.shows("#terminal .touch").await?);
        let fingers = serde_json::json!({ "enabled": true, "maxTouchPoints": 5 });
        tab.devtools("Emulation.setTouchEmulationEnabled", fingers).await?;
        tab.until("document.querySelector('#terminal .touch').checkVisibility()").await?;
        tab.types("echo de''novo\n").await?;
        tab.until_line("denovo").await?;
        tab.press("[data-key=ArrowUp]").await?;
        tab.press("[data-key=Control]").await?;
        tab.until("document.querySelector('[data-key=Control]').ariaPressed === 'true'").await?;
        // At the beginning of the line, by the shell's Ctrl-A.
        tab.types("a").await?;
        tab.until("document.querySelector('[data-key=Control]').ariaPressed === 'false'").await?;
        tab.types("time ").await?;
        tab.press("[data-key=Control]").await?;
        tab.types("e | cat").await?;
        tab.until_line("% time echo de''novo | cat").await?;
        ensure!(tab.text_of("document.activeElement.className").await? == "field");
        Ok(())
    })
    .await
}
