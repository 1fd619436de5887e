//! Programs that write without end.

use anyhow::{Context, Result, ensure};

use crate::stage::{Browser, House, Tab, play};
use crate::{figure, speed};

/// Notes for how long the page is busy at once (Long Tasks, which are those over 50 ms).
const WATCH: &str = "window.busy = []; new PerformanceObserver(list =>
    busy.push(...list.getEntries().map(entry => entry.duration))).observe({ type: 'longtask' });";
/// Notes how long each key takes to be seen in the first line.
const ECHOES: &str = "window.echoes = []; let pressed = 0, key = '';
    addEventListener('keydown', event => { pressed = performance.now(); key = `<${event.key}>`; }, true);
    (function look() {
        const line = document.querySelector('#terminal .sheet:not([hidden]) .row').textContent;
        if (key && line.startsWith(key)) { echoes.push(performance.now() - pressed); key = ''; }
        requestAnimationFrame(look); })();";

async fn longest_task(tab: &Tab) -> Result<f64> {
    tab.value("Math.max(0, ...busy)").await?.as_f64().context("a number")
}

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn keys_come_through_while_a_program_floods_and_ctrl_c_ends_it() -> Result<()> {
    let script = r#"stty -icanon -echo; printf '\033[2J'
        yes "$(printf '\033[5;1H%70s' 'tanto que ninguém lê')" & trap 'kill $!; printf "\033[8;1Hfim\n"; exec cat' INT
        while IFS= read -rn1 key; do printf '\033[1;1H<%s>' "$key"; done"#;
    play(&["--pty", "--", "bash", "-c", script], async |house, browser| {
        let tab = browser.open(&house.url()).await?;
        tab.until(r"document.querySelector('#terminal')?.textContent.includes('tanto que ninguém')").await?;
        tab.run(WATCH).await?;
        tab.run(ECHOES).await?;
        for (count, key) in ('a'..='t').enumerate() {
            tab.types(key.to_string()).await?;
            tab.until(&format!("echoes.length === {}", count + 1)).await?;
        }
        let median = tab.value("echoes.sort((a, b) => a - b)[10]").await?.as_f64().context("a number")?;
        let most = tab.value("Math.max(...echoes)").await?.as_f64().context("a number")?;
        let longest = longest_task(&tab).await?;
        figure!("a key's echo in a flood: {median:.0} ms (median of 20), {most:.0} ms at most; longest task {longest:.0} ms");
        tab.types(thirtyfour::Key::Control + "c").await?;
        tab.until_line("fim").await
    })
    .await
}

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn a_hundred_megabytes_leave_the_page_responsive_and_bounded() -> Result<()> {
    // The number of each line, so that a lost one would be seen.
    let script = "printf 'pronto\\n'; read go; seq -f '%079.0f' 1250000; printf 'fim\\n'; exec cat";
    play(&["--pty", "--", "sh", "-c", script], async |house, browser| {
        let tab = browser.open(&house.url()).await?;
        tab.until_line("pronto").await?;
        tab.run(WATCH).await?;
        tab.run("window.began = performance.now()").await?;
        tab.types("\n").await?;
        let last = format!("{:079}", 1_250_000);
        let end = "[...document.querySelectorAll('#terminal .sheet:not([hidden]) .row')].slice(-60)
            .some(row => row.textContent.startsWith('fim'))";
        let seconds = until_end(&tab, end).await?;
        let longest = longest_task(&tab).await?;
        figure!("100 MB in a terminal: {seconds:.1} s, longest task {longest:.0} ms");
        tab.until_line(&last).await?;
        tab.until("document.querySelectorAll('#terminal .row').length > 10000").await?;
        ensure!(tab.value("document.querySelectorAll('#terminal .row').length < 10200").await? == true);
        tab.types("ainda\n").await?;
        tab.until_line("ainda").await?;
        tab.press("#leave").await?;
        tab.until_state("ended").await?;
        beside_xterm(house, browser, seconds).await
    })
    .await
}

/// The seconds until an expression is true that may take its time.
async fn until_end(tab: &Tab, end: &str) -> Result<f64> {
    let mut seen = tab.until(end).await;
    for _ in 0..4 {
        if seen.is_ok() {
            break;
        }
        seen = tab.until(end).await;
    }
    seen?;
    tab.value("(performance.now() - began) / 1000").await?.as_f64().context("a number")
}

/// Tells how long the same takes in xterm.js, which is what ttyd's page draws with.
async fn beside_xterm(house: &House, browser: &Browser, ours: f64) -> Result<()> {
    let Some(xterm) = std::env::var_os("VEZ_XTERM") else {
        figure!("skipped: xterm.js is not installed");
        return Ok(());
    };
    let page = XTERM.replace("XTERM", &std::fs::read_to_string(xterm)?);
    let address = speed::serve(page, house.http()).await?;
    let tab = browser.open(&format!("http://{address}/")).await?;
    tab.until("shows('pronto')").await?;
    tab.run("window.began = performance.now(); socket.send('\\n')").await?;
    let theirs = until_end(&tab, "shows('fim')").await?;
    figure!("100 MB in xterm.js: {theirs:.1} s, {:.2} × ours", theirs / ours);
    Ok(())
}

/// A page around xterm.js, with as many lines to scroll back as ours.
const XTERM: &str = "<!doctype html><meta charset=utf-8><link rel=icon href=data:,><div id=terminal></div>
    <script>XTERM</script><script>
    const term = new Terminal({ cols: 117, rows: 28, scrollback: 10000 }); term.open(document.querySelector('#terminal'));
    const socket = new WebSocket(`ws://${location.host}/ws`); socket.binaryType = 'arraybuffer';
    socket.onmessage = ({ data }) => term.write(typeof data === 'string' ? data : new Uint8Array(data));
    const shows = text => { const lines = term.buffer.active;
        for (let y = Math.max(0, lines.length - 60); y < lines.length; y += 1)
            if (lines.getLine(y)?.translateToString(true).startsWith(text)) return true;
        return false; };</script>";
