//! How fast the page is connected, beside a minimal page written by hand.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Context, Result, ensure};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use crate::figure;
use crate::stage::{Browser, Tab, play};

/// How many times each page is opened.
const TIMES: usize = 20;
/// Notes when the page knows where it stands.
const STOPWATCH: &str = "new MutationObserver((list, observer) => {
    if (/talking|waiting/.test(document.body?.dataset.state)) {
        window.connected = performance.now(); observer.disconnect(); } })
    .observe(document, { subtree: true, childList: true, attributeFilter: ['data-state'] });";
/// The least that can talk to the server.
const MINIMAL: &str = "<!doctype html><title>x</title><link rel=icon href=data:,><body><script>
    const socket = new WebSocket(`ws://${location.host}/ws`, 'vez.v1');
    socket.onmessage = event => document.body.dataset.state =
        JSON.parse(event.data).type === 'turn' ? 'talking' : 'waiting';</script>";

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn the_page_is_connected_at_once() -> Result<()> {
    play(&[], async |house, browser| {
        let minimal = serve(MINIMAL.to_owned(), house.http()).await?;
        let tab = browser.open(&house.url()).await?;
        let script = json!({ "source": STOPWATCH });
        tab.devtools("Page.addScriptToEvaluateOnNewDocument", script).await?;
        let ours = median(browser, &tab, &house.url()).await?;
        let theirs = median(browser, &tab, &format!("http://{minimal}/")).await?;
        figure!("connected after {ours:.0} ms, a minimal page after {theirs:.0} ms (median of {TIMES})");
        ensure!(ours < 1_000.0, "the page needs {ours} ms");
        Ok(())
    })
    .await
}

/// Says something as soon as it may, and notes when the first reply is there, or a terminal's first line.
const FIRST_ANSWER: &str = "new MutationObserver((list, observer) => {
    const field = document.querySelector('#message');
    if (document.body?.dataset.state === 'talking' && !window.said && !document.body.hasAttribute('data-terminal')) {
        window.said = true; field.value = 'olá'; field.dispatchEvent(new InputEvent('input', { bubbles: true }));
        document.querySelector('#send').click(); }
    if (document.querySelector('[data-from=server]') || document.querySelector('#terminal .row')?.textContent) {
        window.connected = performance.now(); observer.disconnect(); } })
    .observe(document, { subtree: true, childList: true, attributeFilter: ['data-state', 'data-terminal'] });";

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn the_first_prompt_is_there_at_once() -> Result<()> {
    let mut millis = Vec::new();
    for options in [&[][..], &["--pty", "--", "sh", "-c", "echo pronto; exec cat"]] {
        play(options, async |house, browser| {
            let tab = browser.open(&house.url()).await?;
            let script = json!({ "source": FIRST_ANSWER });
            tab.devtools("Page.addScriptToEvaluateOnNewDocument", script).await?;
            millis.push(median(browser, &tab, &house.url()).await?);
            Ok(())
        })
        .await?;
    }
    let [reply, prompt] = millis[..] else { unreachable!("two were played") };
    figure!(
        "the first reply after {reply:.0} ms, a terminal's first prompt after {prompt:.0} ms: {:.2} × (median of {TIMES})",
        prompt / reply
    );
    Ok(())
}

async fn median(browser: &Browser, tab: &Tab, url: &str) -> Result<f64> {
    let mut times = Vec::new();
    for _ in 0..TIMES {
        browser.driver.goto(url).await?;
        tab.until("window.connected").await?;
        times.push(tab.value("window.connected").await?.as_f64().context("a number")?);
    }
    times.sort_by(f64::total_cmp);
    Ok(times[TIMES / 2])
}

/// Serves a page, and passes everything else on to the server.
pub(crate) async fn serve(page: String, server: SocketAddr) -> Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((browser, _)) = listener.accept().await {
            tokio::spawn(answer(page.clone(), browser, server));
        }
    });
    Ok(address)
}

async fn answer(page: String, mut browser: TcpStream, server: SocketAddr) -> Result<()> {
    let mut head = vec![0; 16 * 1024];
    let count = browser.read(&mut head).await?;
    if head[..count].starts_with(b"GET / ") {
        let length = page.len();
        let answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
        );
        return Ok(browser.write_all((answer + page.as_str()).as_bytes()).await?);
    }
    let mut server = TcpStream::connect(server).await?;
    server.write_all(&head[..count]).await?;
    copy_bidirectional(&mut browser, &mut server).await?;
    Ok(())
}
