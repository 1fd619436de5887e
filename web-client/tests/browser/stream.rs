//! A turn that is a stream of bytes.

use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use tokio::io::{AsyncBufReadExt, BufReader};

use crate::figure;
use crate::stage::play;

/// A server whose turns are what a shell's script reads and writes, unchanged.
fn shell(script: &str) -> [&str; 6] {
    ["--framing=raw", "--exec", "--", "sh", "-c", script]
}

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn lines_and_keys_go_out_and_everything_comes_in_as_text() -> Result<()> {
    // The character is cut by a pause, so that it comes in two frames.
    let script = r"printf 'ol\303'; sleep 0.3; printf '\241 \377\033[31m\r\n<b>\n'; exec cat";
    play(&shell(script), async |house, browser| {
        let tab = browser.open(&house.url()).await?;
        tab.until_state("talking").await?;
        let mut text = "olá ‹ff›‹1b›[31m\n<b>\n".to_owned();
        tab.until_text("#text", &text).await?;
        ensure!(tab.shows("#stream").await? && !tab.shows("#log").await?);
        tab.say("sair").await?;
        text.push_str("sair\n");
        tab.until_text("#text", &text).await?;
        // Nothing but the line's end.
        tab.say("").await?;
        text.push('\n');
        tab.until_text("#text", &text).await?;
        tab.write("meio").await?;
        for (byte, shown) in [(3, "‹03›"), (4, "‹04›"), (26, "‹1a›"), (27, "‹1b›"), (9, "\t")]
        {
            tab.press(&format!("[data-byte='{byte}']")).await?;
            text.push_str(shown);
            tab.until_text("#text", &text).await?;
        }
        tab.press("#send").await?;
        text.push_str("meio\n");
        tab.until_text("#text", &text).await?;
        tab.press("#leave").await?;
        tab.until_state("ended").await?;
        ensure!(tab.shows("#stream").await? && !tab.shows("#keys").await?);
        tab.until_text("#text", &text).await
    })
    .await
}

/// The old server's own transcript is as if all had come by TCP.
#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn the_reports_server_is_talked_to_from_a_browser() -> Result<()> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../dev/bench/src/peer/report.py");
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await?.local_addr()?;
    let mut python = tokio::process::Command::new("python3")
        .args(["-u", script, &free.port().to_string()])
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let mut transcript = BufReader::new(python.stdout.take().context("piped")?).lines();
    let mut next = async || anyhow::Ok(transcript.next_line().await?.context("another line")?);
    ensure!(next().await? == "Iniciando o servidor...");
    ensure!(next().await?.starts_with("Servidor escutando em"));
    play(&["--connect", &format!("tcp://{free}"), "--newline=none"], async |house, browser| {
        let tab = browser.open(&house.url()).await?;
        tab.until_state("talking").await?;
        let waiting = browser.open_another(&house.url()).await?;
        waiting.until_place(1).await?;
        tab.say("Olá").await?;
        tab.until_text("#text", "Servidor recebeu: 'Olá'").await?;
        tab.say("sair").await?;
        tab.until_text("#text", "Servidor recebeu: 'Olá'Servidor: Desconectando...").await?;
        tab.until_state("ended").await?;
        waiting.until_state("talking").await
    })
    .await?;
    let connected = next().await?;
    let peer = connected.strip_prefix("Conectado por ").context("who came")?;
    ensure!(next().await? == format!("Mensagem recebida de {peer}: Olá"));
    ensure!(next().await? == format!("Mensagem recebida de {peer}: sair"));
    ensure!(next().await? == format!("Cliente {peer} solicitou desconexão."));
    ensure!(next().await? == format!("Conexão com {peer} encerrada."));
    Ok(())
}

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn what_was_written_ahead_and_several_lines_go_out_with_the_turn() -> Result<()> {
    play(&shell("exec cat"), async |house, browser| {
        let first = browser.open(&house.url()).await?;
        first.until_state("talking").await?;
        let second = browser.open_another(&house.url()).await?;
        second.until_place(1).await?;
        second.say("adiantada").await?;
        second.until_count(".message[data-state=waiting]", 1).await?;
        first.press("#leave").await?;
        second.until_text("#text", "adiantada\n").await?;
        second.paste("um\ndois").await?;
        second.press("#send").await?;
        second.until_text("#text", "adiantada\num\ndois\n").await
    })
    .await
}

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn a_flood_leaves_the_page_responsive_and_bounded() -> Result<()> {
    play(&shell("exec yes 0123456789"), async |house, browser| {
        let tab = browser.open(&house.url()).await?;
        tab.until_state("talking").await?;
        tab.until("document.querySelector('#text').textContent.length > 200000").await?;
        tab.run(
            "window.spans = []; window.draws = 0; let last = performance.now();
            const drawing = new MutationObserver(() => draws += 1);
            drawing.observe(document.querySelector('#text'), { childList: true, subtree: true });
            (function frame(now) { spans.push(now - last); last = now; window.done = spans.length > 60;
                if (done) drawing.disconnect(); else requestAnimationFrame(frame); })(last);",
        )
        .await?;
        tab.write("ainda escrevo").await?;
        tab.until("document.querySelector('#message').value === 'ainda escrevo'").await?;
        tab.until("window.done").await?;
        let median = "spans.sort((a, b) => a - b)[Math.floor(spans.length / 2)]";
        let millis = tab.value(median).await?.as_f64().unwrap_or(f64::MAX);
        let draws = tab.value("draws").await?.as_u64().unwrap_or(u64::MAX);
        figure!("a frame takes {millis:.1} ms (median) under a flood, and {draws} drew in 60");
        ensure!(draws <= 70, "{draws} times drawn in 60 frames");
        ensure!(millis < 100.0, "a frame takes {millis} ms");
        ensure!(tab.value("document.querySelector('#text').textContent.length <= 262144").await? == true);
        ensure!(tab.text_of("document.querySelector('#stream').ariaLive").await? == "off");
        let at_end = "(element => element.scrollHeight - element.scrollTop - element.clientHeight < 48)
            (document.querySelector('#stream'))";
        tab.until(at_end).await?;
        tab.press("#leave").await?;
        tab.until_state("ended").await
    })
    .await
}

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn older_text_is_in_the_saved_file() -> Result<()> {
    play(&shell("seq 1 100000; exec cat"), async |house, browser| {
        let tab = browser.open(&house.url()).await?;
        tab.until("document.querySelector('#text').textContent.endsWith('\\n100000\\n')").await?;
        let shown = tab.text_of("document.querySelector('#text').textContent").await?;
        ensure!(shown.len() <= 256 * 1024, "{} bytes are shown", shown.len());
        tab.until("!document.querySelector('#older').hidden").await?;
        let text = tab.save().await?;
        let all: String = (1..=100_000).map(|line| format!("{line}\n")).collect();
        ensure!(text == all, "{} bytes instead of {}", text.len(), all.len());
        ensure!(all.ends_with(&shown));
        Ok(())
    })
    .await
}
