//! Programs that write without end.

use anyhow::{Context, Result, ensure};

use crate::figure;
use crate::stage::{Tab, play};

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
        let end = "[...document.querySelectorAll('#terminal .sheet:not([hidden]) .row')].slice(-60).some(row => row.textContent.startsWith('fim'))";
        let mut seconds = f64::MAX;
        for _ in 0..6 {
            if tab.until(end).await.is_ok() {
                seconds = tab.value("(performance.now() - began) / 1000").await?.as_f64().context("a number")?;
                break;
            }
        }
        let longest = longest_task(&tab).await?;
        figure!("100 MB in a terminal: {seconds:.1} s, longest task {longest:.0} ms");
        tab.until_line(&last).await?;
        tab.until("document.querySelectorAll('#terminal .row').length > 10000").await?;
        ensure!(tab.value("document.querySelectorAll('#terminal .row').length < 10200").await? == true);
        tab.types("ain''da\n").await?;
        tab.until_line("ain''da").await
    })
    .await
}
