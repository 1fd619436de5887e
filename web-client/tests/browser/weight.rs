//! What a visit transfers.

use anyhow::{Context, Result, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::figure;
use crate::stage::{House, play};

/// The parts of a first visit by how their names end, and how many bytes each may have with brotli.
const BUDGET: [(&str, usize); 6] = [
    ("html", 1_450),
    (".css", 2_300),
    (".js", 4_900),
    (".wasm", 38_500),
    (".svg", 300),
    (".webmanifest", 300),
];
/// What they may have together.
const TOTAL: usize = 47_500;
/// What a turn that is a terminal may fetch more, in bytes with brotli.
const TERMINAL: usize = 60_000;
/// What a second visit may transfer, in bytes.
const SECOND_VISIT: f64 = 1_000.0;

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn a_first_visit_is_light() -> Result<()> {
    play(&[], async |house, browser| {
        let tab = browser.open(&house.url()).await?;
        tab.until_state("talking").await?;
        let fetched =
            tab.text_of("performance.getEntriesByType('resource').map(entry => entry.name).join(' ')");
        let index = part(house, "/").await?;
        let html = String::from_utf8(plain(house, "/").await?)?;
        let paths = html.split(['"', '\'', ' ', '>', '=', ';']).filter_map(|word| word.strip_prefix("./"));
        let paths: std::collections::BTreeSet<_> = paths.collect();
        for url in fetched.await?.split(' ').filter(|url| !url.starts_with("data:")) {
            let path =
                url.strip_prefix(&house.url()).with_context(|| format!("fetched from elsewhere: {url}"))?;
            ensure!(paths.contains(path), "not named in the page: {path}");
        }
        let mut parts = vec![("html", index.len())];
        for path in paths {
            parts.push((path, part(house, &format!("/{path}")).await?.len()));
        }
        judge(&parts)
    })
    .await
}

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn a_second_visit_transfers_next_to_nothing() -> Result<()> {
    play(&[], async |house, browser| {
        let tab = browser.open(&house.url()).await?;
        tab.until_state("talking").await?;
        let again = browser.open(&house.url()).await?;
        again.until_state("talking").await?;
        let transferred = "[...performance.getEntriesByType('navigation'),
            ...performance.getEntriesByType('resource')].reduce((sum, entry) => sum + entry.transferSize, 0)";
        let bytes = again.value(transferred).await?.as_f64().context("a number")?;
        let each =
            "[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
            .map(entry => entry.transferSize + ' ' + entry.name).join(', ')";
        figure!("second visit: {bytes} bytes: {}", again.text_of(each).await?);
        ensure!(bytes < SECOND_VISIT, "the second visit transfers {bytes} bytes");
        Ok(())
    })
    .await
}

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn a_terminal_is_light_and_fetched_only_for_a_turn_that_is_one() -> Result<()> {
    play(&["--pty", "--", "cat"], async |house, browser| {
        let tab = browser.open(&house.url()).await?;
        tab.until("document.activeElement.className === 'field'").await?;
        let fetched = tab
            .text_of("performance.getEntriesByType('resource').map(entry => entry.name).join(' ')")
            .await?;
        let mut total = 0;
        for url in fetched.split(' ').filter(|url| url.contains("terminal")) {
            let path = url.strip_prefix(&house.url()).context("fetched from elsewhere")?;
            let (head, body) = get(house, &format!("/{path}"), "accept-encoding: br\r\n").await?;
            // A script that is asked for each time names all the others, which never change.
            let caching = if path == "terminal.js" { "no-cache" } else { "immutable" };
            ensure!(head.contains("content-encoding: br") && head.contains(caching), "{path}: {head}");
            figure!("{:>8}            {path}", body.len());
            total += body.len();
        }
        figure!("{total:>8} of {TERMINAL:>6}  for a terminal");
        ensure!(total > 0 && total <= TERMINAL, "a terminal fetches {total} bytes");
        Ok(())
    })
    .await
}

fn judge(parts: &[(&str, usize)]) -> Result<()> {
    let total: usize = parts.iter().map(|(_, bytes)| bytes).sum();
    let mut grown = Vec::new();
    figure!("first visit, with brotli:");
    for (name, bytes) in parts {
        let allowed = BUDGET.iter().find(|(end, _)| name.ends_with(end)).map_or(0, |(_, allowed)| *allowed);
        figure!("{bytes:>8} of {allowed:>6}  {name}");
        if *bytes > allowed {
            grown.push(*name);
        }
    }
    figure!("{total:>8} of {TOTAL:>6}  in {} requests", parts.len());
    ensure!(grown.is_empty(), "these parts grew too large: {grown:?}");
    ensure!(total <= TOTAL, "the first visit transfers {total} bytes");
    ensure!(parts.len() <= BUDGET.len(), "the first visit needs {} requests", parts.len());
    Ok(())
}

/// A part as it travels.
async fn part(house: &House, path: &str) -> Result<Vec<u8>> {
    let (head, body) = get(house, path, "accept-encoding: br\r\n").await?;
    ensure!(head.contains("content-encoding: br"), "{path} is not compressed:\n{head}");
    Ok(body)
}

/// A part as it is.
async fn plain(house: &House, path: &str) -> Result<Vec<u8>> {
    Ok(get(house, path, "").await?.1)
}

async fn get(house: &House, path: &str, header: &str) -> Result<(String, Vec<u8>)> {
    let mut stream = TcpStream::connect(house.http()).await?;
    let request =
        format!("GET {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n{header}\r\n", house.http());
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").context("no head")?;
    let head = String::from_utf8(answer[..end].to_vec())?.to_lowercase();
    ensure!(head.starts_with("http/1.1 200"), "{path}: {head}");
    Ok((head, answer.split_off(end + 4)))
}
