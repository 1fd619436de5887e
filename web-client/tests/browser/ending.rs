//! Connections end: what the page says and offers, by the reason.

use anyhow::Result;

use crate::stage::{Browser, Driver, House, Options, Relay, play, play_with};

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn a_server_that_goes_away_is_tried_again_with_a_countdown() -> Result<()> {
    let house = House::open(&[])?;
    let driver = Driver::chromium().await?;
    let options = Options { may_complain: true, ..Options::default() };
    let browser = Browser::chromium(&driver, options).await?;
    let played = browser
        .guard(async {
            let mut terminal = house.terminal().await?;
            terminal.say("oi\n").await?;
            terminal.hear("Servidor recebeu: 'oi'\n").await?;
            let tab = browser.open(&house.url()).await?;
            tab.until_place(1).await?;
            tab.back_off_slowly().await?;
            drop(terminal);
            tab.until_state("talking").await?;
            house.close().await;
            tab.until_state("retrying").await?;
            tab.until("/^Nova tentativa em \\d+ s$/.test(document.querySelector('#countdown').textContent)")
                .await?;
            assert!(tab.shows("#reconnect").await?);
            Ok(())
        })
        .await;
    browser.close().await?;
    played
}

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn a_full_queue_is_tried_again_until_a_place_opens() -> Result<()> {
    play(&["--queue-length=1"], async |house, browser| {
        let first = browser.open(&house.url()).await?;
        first.until_state("talking").await?;
        let second = browser.open_another(&house.url()).await?;
        second.until_place(1).await?;
        let third = browser.open_another(&house.url()).await?;
        third.back_off_slowly().await?;
        third.press("#reconnect").await?;
        third.until_state("retrying").await?;
        third.until_text("#headline", "A fila está cheia").await?;
        second.press("#leave").await?;
        third.until_place(1).await
    })
    .await
}

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn a_refused_handshake_says_what_to_do_and_is_not_tried_for_ever() -> Result<()> {
    let options = Options { may_complain: true, ..Options::default() };
    play_with(&[], options, async |house, browser| {
        let relay = Relay::to(house.http()).await?;
        let tab = browser.open(&relay.url()).await?;
        tab.until_state("talking").await?;
        // A refused origin and a path that upgrades nothing look alike to a page: the handshake fails.
        tab.run(
            "Math.random = () => 0.3; const Real = WebSocket;
            window.WebSocket = function (url, protocols) { return new Real(url + '-refused', protocols); }",
        )
        .await?;
        relay.break_down();
        tab.until("document.body.dataset.state !== 'talking'").await?;
        relay.recover();
        tab.until_state("ended").await?;
        tab.until_text("#headline", "O servidor recusou a conexão").await?;
        tab.until("/--allow-origin.*--allow-host/.test(document.querySelector('#detail').textContent)")
            .await?;
        assert!(tab.shows("#reconnect").await?);
        Ok(())
    })
    .await
}

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn silence_while_others_wait_ends_the_turn_and_stays_ended() -> Result<()> {
    play(&["--idle-limit=500ms", "--warn-before=100ms"], async |house, browser| {
        let tab = browser.open(&house.url()).await?;
        tab.until_state("talking").await?;
        let mut terminal = house.terminal().await?;
        tab.until_state("ended").await?;
        tab.until_text("#headline", "A sua vez passou").await?;
        assert!(tab.shows("#reconnect").await?);
        terminal.say("sair\n").await?;
        terminal.hear("Servidor: Desconectando...\n").await
    })
    .await
}

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn a_turn_that_takes_too_long_ends() -> Result<()> {
    play(&["--turn-limit=500ms", "--warn-before=100ms"], async |house, browser| {
        let tab = browser.open(&house.url()).await?;
        tab.until_state("talking").await?;
        let _terminal = house.terminal().await?;
        tab.until_state("ended").await?;
        tab.until_text("#headline", "O seu tempo acabou").await
    })
    .await
}

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn a_server_with_a_smaller_limit_says_so() -> Result<()> {
    play_with(&["--max-message=1KiB"], Options::default(), async |house, browser| {
        let tab = browser.open(&house.url()).await?;
        tab.until_state("talking").await?;
        tab.paste(&"a".repeat(4096)).await?;
        tab.until_text("#hint", "Passou 3 KiB do limite de 1 KiB.").await?;
        tab.until("document.querySelector('#send').disabled").await
    })
    .await
}
