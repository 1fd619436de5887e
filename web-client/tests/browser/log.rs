//! The conversation on the page: scrolling, copying, saving, and its length.

use anyhow::Result;
use serde_json::json;
use thirtyfour::prelude::*;

use crate::figure;
use crate::stage::play;

/// Whether the conversation's end is in sight.
const AT_END: &str =
    "(log => log.scrollHeight - log.scrollTop - log.clientHeight < 48)(document.querySelector('#log'))";

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn the_view_stays_where_the_reader_scrolled() -> Result<()> {
    play(&[], async |house, browser| {
        let tab = browser.open(&house.url()).await?;
        tab.until_state("talking").await?;
        let tall = "uma linha\n".repeat(40);
        tab.paste(&tall).await?;
        tab.press("#send").await?;
        tab.until_count("[data-from=server]", 1).await?;
        tab.until(AT_END).await?;
        // The answer comes while the reader is up above: only what arrives shows the offer.
        tab.run(
            "const log = document.querySelector('#log'); const send = WebSocket.prototype.send;
            WebSocket.prototype.send = function (frame) {
                log.addEventListener('scroll', () => log.scrollTop === 0 && send.call(this, frame));
            };
            new MutationObserver(() => {
                if (log.querySelectorAll('[data-from=me]').length === 2)
                    requestAnimationFrame(() => requestAnimationFrame(() => log.scrollTop = 0));
            }).observe(document.querySelector('#list'), { childList: true, subtree: true });",
        )
        .await?;
        tab.say("mais").await?;
        tab.until("document.querySelectorAll('[data-from=server]').length === 2").await?;
        tab.until("document.querySelector('#newer').checkVisibility()").await?;
        assert_eq!(tab.value("document.querySelector('#log').scrollTop").await?, 0);
        tab.press("#newer").await?;
        tab.until(AT_END).await?;
        tab.until("!document.querySelector('#newer').checkVisibility()").await
    })
    .await
}

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn a_message_is_copied_by_mouse_and_keyboard() -> Result<()> {
    play(&[], async |house, browser| {
        let tab = browser.open(&house.url()).await?;
        let permissions = json!({ "permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"] });
        tab.devtools("Browser.grantPermissions", permissions).await?;
        tab.until_state("talking").await?;
        tab.say("<b>copie</b> isto").await?;
        tab.until_count("[data-from=server]", 1).await?;
        tab.press("[data-from=me] .copy").await?;
        tab.until_text("#notice", "Mensagem copiada.").await?;
        let clipboard = "navigator.clipboard.readText().then(text => window.copied = text), window.copied";
        tab.until(&format!("({clipboard}) === '<b>copie</b> isto'")).await?;
        tab.run("document.querySelector('[data-from=me] .copy').focus()").await?;
        tab.driver.action_chain().send_keys(Key::Down + Key::Enter).perform().await?;
        tab.until(&format!("({clipboard}) === \"Servidor recebeu: '<b>copie</b> isto'\"")).await
    })
    .await
}

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn the_conversation_is_saved_as_text() -> Result<()> {
    play(&[], async |house, browser| {
        let tab = browser.open(&house.url()).await?;
        tab.until_state("talking").await?;
        tab.say("guarde isto").await?;
        tab.until_count("[data-from=server]", 1).await?;
        let text = tab.save().await?;
        let lines: Vec<_> =
            text.lines().filter_map(|line| line.split_once(' ')).map(|(_, rest)| rest).collect();
        let expected =
            ["— A sua vez começou", "Você: guarde isto", "Servidor: Servidor recebeu: 'guarde isto'"];
        assert_eq!(lines, expected);
        Ok(())
    })
    .await
}

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn ten_thousand_messages_stay_smooth_and_a_part_of_them_is_drawn() -> Result<()> {
    play(&[], async |house, browser| {
        let tab = browser.open(&house.url()).await?;
        tab.until_state("talking").await?;
        tab.run(
            "for (let i = 0; i < 10000; i++) sessionStorage.setItem('vez.entry.' + i,
            (i % 2 ? 's' : 'a') + Date.now() + ' mensagem ' + i);",
        )
        .await?;
        tab.driver.refresh().await?;
        // The newest are there, and a note; the rest is in the saved file.
        tab.until("[...document.querySelectorAll('.words')].at(-1).textContent === 'A sua vez começou'")
            .await?;
        tab.until_count(".message", 501).await?;
        tab.until(AT_END).await?;
        // Each answer is drawn before the next message goes out.
        tab.run(
            "window.spans = []; let last = performance.now(); const field = document.querySelector('#message');
            const answers = () => document.querySelectorAll('[data-from=server]').length;
            const start = answers(); let sent = 0;
            (function frame(now) { spans.push(now - last); last = now;
                if (answers() - start === sent && sent < 30) { sent += 1; field.value = 'n' + sent;
                    field.dispatchEvent(new InputEvent('input')); document.querySelector('#send').click(); }
                window.done = answers() - start === 30;
                if (!done) requestAnimationFrame(frame); })(performance.now());",
        )
        .await?;
        tab.until("window.done").await?;
        let median = "spans.sort((a, b) => a - b)[Math.floor(spans.length / 2)]";
        let millis = tab.value(median).await?.as_f64().unwrap_or(f64::MAX);
        let rows = tab.value("document.querySelectorAll('.message').length").await?.as_u64();
        assert!(rows.is_some_and(|rows| rows <= 600), "{rows:?} rows");
        figure!("a frame takes {millis:.1} ms (median) beside 10,000 messages");
        assert!(millis < 100.0, "a frame takes {millis} ms");
        Ok(())
    })
    .await
}
