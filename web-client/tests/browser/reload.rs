//! What survives a reload.

use anyhow::Result;

use crate::stage::{Said, play, play_in_both};

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn conversation_and_draft_survive_a_reload() -> Result<()> {
    play(&[], async |house, browser| {
        let tab = browser.open(&house.url()).await?;
        tab.until_state("talking").await?;
        tab.say("primeira\nsegunda".replace('\n', " ").as_str()).await?;
        tab.until_count("[data-from=server]", 1).await?;
        tab.write("meia frase").await?;
        let before = tab.said().await?;
        tab.driver.refresh().await?;
        tab.until_state("talking").await?;
        assert_eq!(tab.said().await?, before);
        assert_eq!(tab.text_of("document.querySelector('#message').value").await?, "meia frase");
        Ok(())
    })
    .await
}

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn what_waited_for_the_turn_still_does_after_a_reload() -> Result<()> {
    play(&[], async |house, browser| {
        let first = browser.open(&house.url()).await?;
        first.until_state("talking").await?;
        let second = browser.open_another(&house.url()).await?;
        second.until_place(1).await?;
        second.say("guardada").await?;
        second.driver.refresh().await?;
        second.until_place(1).await?;
        second.until_count(".message[data-state=waiting]", 1).await?;
        first.say("sair").await?;
        second.until_count("[data-from=server]", 1).await?;
        assert_eq!(
            second.said().await?.last(),
            Some(&Said::new("server", "", "Servidor recebeu: 'guardada'"))
        );
        Ok(())
    })
    .await
}

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn a_full_storage_does_not_stop_the_page() -> Result<()> {
    play(&[], async |house, browser| {
        let tab = browser.open(&house.url()).await?;
        tab.until_state("talking").await?;
        tab.run(
            "for (let size = 2 ** 23; size; size >>= 1) { try { while (true) sessionStorage.setItem(
            Math.random(), 'x'.repeat(size)) } catch {} }",
        )
        .await?;
        tab.say("sem lugar").await?;
        tab.until_count("[data-from=server]", 1).await
    })
    .await
}

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn a_conversation_without_room_leaves_no_holes_and_sends_nothing_again() -> Result<()> {
    play(&[], async |house, browser| {
        let first = browser.open(&house.url()).await?;
        first.until_state("talking").await?;
        let tab = browser.open_another(&house.url()).await?;
        tab.until_place(1).await?;
        tab.say("uma vez").await?;
        tab.run(
            "Storage.prototype.setItem = function () { throw new DOMException('', 'QuotaExceededError'); }",
        )
        .await?;
        first.say("sair").await?;
        tab.until_count("[data-from=server]", 1).await?;
        tab.driver.refresh().await?;
        tab.until_state("talking").await?;
        // The reply could not be kept, so that the server says it again.
        tab.until_count("[data-from=server]", 1).await?;
        assert_eq!(tab.said().await?, [Said::new("server", "", "Servidor recebeu: 'uma vez'")]);
        tab.say("outra").await?;
        tab.until_count(".message[data-state=answered]", 1).await
    })
    .await
}

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn the_place_is_kept_over_a_reload_and_the_turn_too() -> Result<()> {
    play_in_both(&[], async |house, browser| {
        let first = browser.open(&house.url()).await?;
        first.until_state("talking").await?;
        let second = browser.open_another(&house.url()).await?;
        second.until_place(1).await?;
        let third = browser.open_another(&house.url()).await?;
        third.until_place(2).await?;
        second.front().await?;
        second.driver.refresh().await?;
        second.until_place(1).await?;
        first.front().await?;
        first.driver.refresh().await?;
        first.until_state("talking").await?;
        third.until_place(2).await?;
        second.until_place(1).await?;
        first.say("ainda aqui").await?;
        first.until_count("[data-from=server]", 1).await
    })
    .await
}

/// What a program says while the page is away is there when it is back, once.
#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn a_reply_that_comes_during_a_reload_is_shown_once() -> Result<()> {
    let slow = ["--exec", "--", "sh", "-c", "while read -r line; do sleep 0.7; echo \"eco: $line\"; done"];
    play_in_both(&slow, async |house, browser| {
        let tab = browser.open(&house.url()).await?;
        tab.until_state("talking").await?;
        tab.say("um").await?;
        tab.until_count(".message[data-state=sent]", 1).await?;
        tab.driver.refresh().await?;
        tab.until_count("[data-from=server]", 1).await?;
        tab.say("dois").await?;
        tab.until_count("[data-from=server]", 2).await?;
        let said = tab.said().await?;
        let words: Vec<_> = said.iter().map(|said| said.words.as_str()).collect();
        assert_eq!(words, ["A sua vez começou", "um", "eco: um", "dois", "eco: dois"]);
        Ok(())
    })
    .await
}

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn ten_reloads_in_a_row_keep_the_place() -> Result<()> {
    play_in_both(&[], async |house, browser| {
        let first = browser.open(&house.url()).await?;
        first.until_state("talking").await?;
        let second = browser.open_another(&house.url()).await?;
        second.until_place(1).await?;
        let third = browser.open_another(&house.url()).await?;
        third.until_place(2).await?;
        second.front().await?;
        for _ in 0..10 {
            second.driver.refresh().await?;
        }
        second.until_place(1).await?;
        third.until_place(2).await?;
        first.say("sair").await?;
        second.until_state("talking").await?;
        third.until_place(1).await
    })
    .await
}

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn what_is_loaded_again_is_no_duplicate_whatever_became_of_its_last_words() -> Result<()> {
    play_in_both(&[], async |house, browser| {
        let tab = browser.open(&house.url()).await?;
        tab.until_state("talking").await?;
        tab.say("um").await?;
        tab.until_count("[data-from=server]", 1).await?;
        // As when the page is gone before it is done.
        const TOO_LATE: &str = "Storage.prototype.removeItem = () => {}";
        tab.run(TOO_LATE).await?;
        tab.driver.refresh().await?;
        tab.until_state("talking").await?;
        tab.say("dois").await?;
        tab.until_count("[data-from=server]", 2).await?;
        tab.run(TOO_LATE).await?;
        tab.driver.goto(format!("{}healthz", house.url())).await?;
        let tab = browser.open(&house.url()).await?;
        tab.until_state("talking").await?;
        tab.say("três").await?;
        tab.until_count("[data-from=server]", 3).await
    })
    .await
}

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn a_stream_survives_a_reload() -> Result<()> {
    play_in_both(&["--framing", "raw", "--exec", "--", "cat"], async |house, browser| {
        let tab = browser.open(&house.url()).await?;
        tab.until_state("talking").await?;
        tab.say("um").await?;
        tab.until_text("#text", "um\n").await?;
        tab.driver.refresh().await?;
        tab.until_state("talking").await?;
        tab.say("dois").await?;
        tab.until_text("#text", "um\ndois\n").await
    })
    .await
}

/// Longer than the grace, a page that was away is a newcomer, and says so.
#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn a_seat_that_was_not_kept_is_said_plainly() -> Result<()> {
    play_in_both(&["--grace", "100ms"], async |house, browser| {
        let tab = browser.open(&house.url()).await?;
        tab.until_state("talking").await?;
        tab.say("oi").await?;
        tab.until_count("[data-from=server]", 1).await?;
        tab.driver.goto("about:blank").await?;
        let mut terminal = house.terminal().await?;
        terminal.say("eu\n").await?;
        terminal.hear("Servidor recebeu: 'eu'\n").await?;
        tab.driver.goto(house.url()).await?;
        tab.until_place(1).await?;
        let said = tab.said().await?;
        let last: Vec<_> = said.iter().rev().take(2).map(|said| said.words.as_str()).collect();
        assert_eq!(
            last,
            ["O seu lugar não pôde ser guardado; você entrou de novo no fim da fila", "A conexão caiu"]
        );
        Ok(())
    })
    .await
}

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn a_duplicated_tab_asks_here_or_there() -> Result<()> {
    play_in_both(&[], async |house, browser| {
        let first = browser.open(&house.url()).await?;
        first.until_state("talking").await?;
        let second = browser.open_another(&house.url()).await?;
        second.until_place(1).await?;
        second.say("uma vez").await?;
        let copy = browser.duplicate(&second, house).await?;
        copy.until_text("#reconnect", "Continuar aqui").await?;
        copy.until_text("#headline", "A conversa continua em outro lugar").await?;
        second.until_place(1).await?;
        copy.press("#reconnect").await?;
        copy.until_place(1).await?;
        second.until_text("#reconnect", "Continuar aqui").await?;
        first.say("sair").await?;
        copy.until_count("[data-from=server]", 1).await?;
        // Nor does the other tab send it when it has the seat again.
        second.press("#reconnect").await?;
        second.until_state("talking").await?;
        second.say("de volta").await?;
        second.until_count(".message[data-state=answered]", 2).await?;
        let said = second.said().await?;
        let words: Vec<_> = said.iter().map(|said| said.words.as_str()).collect();
        let answers = ["Servidor recebeu: 'uma vez'", "Servidor recebeu: 'de volta'"];
        assert_eq!(words, ["uma vez", "A sua vez começou", answers[0], "de volta", answers[1]]);
        copy.until_text("#reconnect", "Continuar aqui").await
    })
    .await
}

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn who_comes_next_to_the_device_sees_nothing_after_clearing() -> Result<()> {
    play_in_both(&[], async |house, browser| {
        let tab = browser.open(&house.url()).await?;
        tab.until_state("talking").await?;
        tab.say("segredo").await?;
        tab.until_count("[data-from=server]", 1).await?;
        assert!(!tab.shows("#clear").await?, "not while the conversation goes on");
        tab.press("#leave").await?;
        tab.until_state("ended").await?;
        tab.write("outro segredo").await?;
        tab.press("#clear").await?;
        tab.until_count("#log .message", 0).await?;
        assert_eq!(tab.text_of("document.querySelector('#message').value").await?, "");
        assert_eq!(tab.value("JSON.stringify(sessionStorage).includes('segredo')").await?, false);
        tab.driver.refresh().await?;
        tab.until_state("talking").await?;
        assert_eq!(tab.said().await?, [Said::new("page", "", "A sua vez começou")]);
        Ok(())
    })
    .await
}
