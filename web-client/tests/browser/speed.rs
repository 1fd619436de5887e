//! How fast the page is connected, beside a minimal page written by hand.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Context, Result, ensure};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use crate::figure;
use crate::stage::{Browser, House, Options, Tab, play_with};

/// How many times each page is opened.
const TIMES: usize = 20;
/// Where a tab rests between two pages there is no icon, and the browser says so.
const AWAY: Options = Options { languages: "pt-BR", size: (1000, 760), may_complain: true };
/// No place is kept, so that whoever opens the page is nobody that came before.
const ANEW: [&str; 2] = ["--grace", "0s"];
/// Notes when the page knows where it stands.
const STOPWATCH: &str = "new MutationObserver((list, observer) => {
    if (/talking|waiting/.test(document.body?.dataset.state)) {
        window.connected = performance.now(); observer.disconnect(); } })
    .observe(document, { subtree: true, childList: true, attributeFilter: ['data-state'] });";
/// The least that can talk to the server.
const MINIMAL: &str = "<!doctype html><title>x</title><link rel=icon href=data:,><body><script>
    const socket = new WebSocket(`ws://${location.host}/ws`, 'vez.v1');
    socket.onmessage = event => document.body.dataset.state =
        JSON.parse(event.data).type === 'turn' ? 'talking' : 'waiting';
    addEventListener('pagehide', () => socket.close());</script>";

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn the_page_is_connected_at_once() -> Result<()> {
    play_with(&ANEW, AWAY, async |house, browser| {
        let minimal = serve(MINIMAL.to_owned(), house.http()).await?;
        let tab = stopwatch(house, browser, STOPWATCH).await?;
        let ours = median(house, browser, &tab, &house.url()).await?;
        let theirs = median(house, browser, &tab, &format!("http://{minimal}/")).await?;
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
        play_with(&[&ANEW, options].concat(), AWAY, async |house, browser| {
            let tab = stopwatch(house, browser, FIRST_ANSWER).await?;
            millis.push(median(house, browser, &tab, &house.url()).await?);
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

/// A tab in which every page is a newcomer's, with a script that notes a time in it.
async fn stopwatch(house: &House, browser: &Browser, script: &str) -> Result<Tab> {
    let tab = browser.open(&house.url()).await?;
    let script = format!("try {{ sessionStorage.clear(); }} catch {{ /* nothing can be kept */ }} {script}");
    tab.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": script })).await?;
    Ok(tab)
}

async fn median(house: &House, browser: &Browser, tab: &Tab, url: &str) -> Result<f64> {
    let mut times = Vec::new();
    for _ in 0..TIMES {
        // Of the same origin, and so of the same process of the browser.
        browser.driver.goto(format!("{}healthz", house.url())).await?;
        house.until_idle().await?;
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
