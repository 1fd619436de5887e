//! Networks fail: silently, loudly, and while the machine sleeps.

use anyhow::Result;
use serde_json::json;

use crate::stage::{Options, Relay, play_in_both, play_with};

/// A failing network is on the console, as it should be.
const FAILING: Options = Options { languages: "pt-BR", size: (1000, 760), may_complain: true };

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn a_lost_connection_comes_back_by_itself() -> Result<()> {
    play_in_both(&[], async |house, browser| {
        let relay = Relay::to(house.http()).await?;
        let tab = browser.open(&relay.url()).await?;
        tab.until_state("talking").await?;
        tab.write("rascunho").await?;
        tab.back_off_slowly().await?;
        // It is there until the first attempt fails.
        tab.run(
            "window.details = []; const detail = document.querySelector('#detail');
            new MutationObserver(() => details.push(detail.textContent))
                .observe(detail, { subtree: true, childList: true, characterData: true });",
        )
        .await?;
        relay.break_down();
        tab.until_state("retrying").await?;
        tab.until("details.includes('O seu lugar fica guardado por pouco tempo. O que escreveu também.')")
            .await?;
        relay.recover();
        tab.until_state("talking").await?;
        assert_eq!(tab.text_of("document.querySelector('#message').value").await?, "rascunho");
        tab.until_count("[data-from=page]", 1).await?;
        tab.press("#message").await?;
        tab.say(", e mais").await?;
        tab.until_count("[data-from=server]", 1).await
    })
    .await
}

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn a_connection_that_is_lost_for_too_long_is_said_plainly() -> Result<()> {
    play_in_both(&["--grace", "100ms"], async |house, browser| {
        let relay = Relay::to(house.http()).await?;
        let tab = browser.open(&relay.url()).await?;
        tab.until_state("talking").await?;
        relay.break_down();
        tab.until_state("retrying").await?;
        let mut terminal = house.terminal().await?;
        terminal.say("eu\n").await?;
        terminal.hear("Servidor recebeu: 'eu'\n").await?;
        relay.recover();
        tab.until_place(1).await?;
        let said = tab.said().await?;
        let words: Vec<_> = said.iter().map(|said| said.words.as_str()).collect();
        let lost = "O seu lugar não pôde ser guardado; você entrou de novo no fim da fila";
        assert_eq!(words, ["A sua vez começou", "A conexão caiu", lost]);
        Ok(())
    })
    .await
}

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn a_socket_that_only_looks_open_is_found_out_on_waking() -> Result<()> {
    play_with(&[], FAILING, async |house, browser| {
        let relay = Relay::to(house.http()).await?;
        let tab = browser.open(&relay.url()).await?;
        tab.until_state("talking").await?;
        tab.back_off_slowly().await?;
        relay.fall_silent();
        tab.run("document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))").await?;
        tab.until_state("retrying").await?;
        tab.until_text("#headline", "A conexão caiu").await
    })
    .await
}

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn waking_with_a_good_connection_changes_nothing() -> Result<()> {
    play_with(&[], Options::default(), async |house, browser| {
        let tab = browser.open(&house.url()).await?;
        tab.until_state("talking").await?;
        tab.run(
            "window.states = []; new MutationObserver(() => states.push(document.body.dataset.state))
            .observe(document.body, { attributeFilter: ['data-state'] });
            document.dispatchEvent(new Event('visibilitychange', { bubbles: true })); window.dispatchEvent(new Event('online'));",
        )
        .await?;
        tab.say("ainda aqui").await?;
        tab.until_count("[data-from=server]", 1).await?;
        assert_eq!(tab.value("states.every(state => state === 'talking')").await?, true);
        Ok(())
    })
    .await
}

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn a_server_on_this_machine_needs_no_network() -> Result<()> {
    play_with(&[], FAILING, async |house, browser| {
        let relay = Relay::to(house.http()).await?;
        let tab = browser.open(&relay.url()).await?;
        tab.until_state("talking").await?;
        tab.devtools("Network.enable", json!({})).await?;
        tab.devtools("Network.emulateNetworkConditions", offline(true)).await?;
        tab.until("!navigator.onLine").await?;
        tab.back_off_slowly().await?;
        relay.break_down();
        tab.until_text("#headline", "A conexão caiu").await?;
        tab.until("document.querySelector('#countdown').checkVisibility()").await?;
        // The emulation keeps the browser from every address.
        tab.run("Object.defineProperty(navigator, 'onLine', { get: () => false })").await?;
        tab.devtools("Network.emulateNetworkConditions", offline(false)).await?;
        tab.run("dispatchEvent(new Event('offline'))").await?;
        relay.recover();
        tab.until_state("talking").await
    })
    .await
}

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn going_back_to_the_page_joins_the_queue_again() -> Result<()> {
    play_with(&[], Options::default(), async |house, browser| {
        let tab = browser.open(&house.url()).await?;
        tab.until_state("talking").await?;
        tab.say("antes").await?;
        tab.until_count("[data-from=server]", 1).await?;
        tab.run("addEventListener('pageshow', event => window.cameFromCache = event.persisted)").await?;
        browser.driver.goto("data:text/html,<link rel=icon href=data:,>").await?;
        let mut terminal = house.terminal().await?;
        terminal.say("sair\n").await?;
        terminal.hear("Servidor: Desconectando...\n").await?;
        browser.driver.back().await?;
        tab.until_state("talking").await?;
        assert_eq!(tab.value("window.cameFromCache").await?, true, "the back-forward cache was not used");
        tab.say("depois").await?;
        tab.until_count("[data-from=server]", 2).await
    })
    .await
}

fn offline(is_offline: bool) -> serde_json::Value {
    json!({ "offline": is_offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1 })
}
