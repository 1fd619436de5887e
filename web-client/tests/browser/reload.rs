//! What survives a reload.

use anyhow::Result;

use crate::stage::{Said, play};

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
        let after = tab.said().await?;
        assert_eq!(after[..before.len()], before);
        assert_eq!(
            after[before.len()..],
            [Said::new("page", "", "A conversa terminou"), Said::new("page", "", "A sua vez começou"),]
        );
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
        assert_eq!(tab.said().await?, [Said::new("page", "", "A sua vez começou")]);
        Ok(())
    })
    .await
}

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn a_duplicated_tab_sends_nothing_again() -> Result<()> {
    play(&[], async |house, browser| {
        let first = browser.open(&house.url()).await?;
        first.until_state("talking").await?;
        let second = browser.open_another(&house.url()).await?;
        second.until_place(1).await?;
        second.say("uma vez").await?;
        // A tab that a page opens gets a copy of its session's storage, as a duplicate does.
        let copy = browser.open_from(&second, &house.url()).await?;
        copy.until_place(2).await?;
        copy.until_count(".message[data-state=unsent]", 1).await?;
        copy.driver.refresh().await?;
        copy.until_place(2).await?;
        first.say("sair").await?;
        second.until_count("[data-from=server]", 1).await?;
        second.say("sair").await?;
        copy.until_state("talking").await?;
        copy.until_count(".message[data-state=unsent]", 1).await?;
        assert_eq!(copy.value("document.querySelectorAll('[data-from=me]').length").await?, 1);
        Ok(())
    })
    .await
}
