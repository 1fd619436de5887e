//! One queue over tabs and terminals.

use anyhow::Result;

use crate::stage::play;

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn tabs_and_terminals_get_their_turns_in_order() -> Result<()> {
    play(&[], async |house, browser| {
        let first = browser.open(&house.url()).await?;
        first.until_state("talking").await?;
        let second = browser.open_another(&house.url()).await?;
        second.until_place(1).await?;
        let mut terminal = house.terminal().await?;
        let fourth = browser.open_another(&house.url()).await?;
        fourth.until_place(3).await?;
        terminal.say("do terminal\n").await?;

        first.say("sair").await?;
        second.until_state("talking").await?;
        fourth.until_place(2).await?;
        second.say("sair").await?;
        terminal.hear("Servidor recebeu: 'do terminal'\n").await?;
        fourth.until_place(1).await?;
        terminal.say("sair\n").await?;
        terminal.hear("Servidor: Desconectando...\n").await?;
        fourth.until_state("talking").await
    })
    .await
}

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn a_tab_closed_in_its_turn_frees_it() -> Result<()> {
    play(&[], async |house, browser| {
        let first = browser.open(&house.url()).await?;
        first.until_state("talking").await?;
        let second = browser.open_another(&house.url()).await?;
        second.until_place(1).await?;
        first.close().await?;
        second.until_state("talking").await
    })
    .await
}

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn a_tab_closed_while_it_waits_frees_its_place() -> Result<()> {
    play(&[], async |house, browser| {
        let mut terminal = house.terminal().await?;
        terminal.say("oi\n").await?;
        terminal.hear("Servidor recebeu: 'oi'\n").await?;
        let first = browser.open(&house.url()).await?;
        first.until_place(1).await?;
        let second = browser.open_another(&house.url()).await?;
        second.until_place(2).await?;
        first.close().await?;
        second.until_place(1).await?;
        terminal.say("sair\n").await?;
        second.until_state("talking").await
    })
    .await
}

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn leaving_the_queue_frees_the_place_too() -> Result<()> {
    play(&[], async |house, browser| {
        let first = browser.open(&house.url()).await?;
        first.until_state("talking").await?;
        let second = browser.open_another(&house.url()).await?;
        second.until_place(1).await?;
        let third = browser.open_another(&house.url()).await?;
        third.until_place(2).await?;
        second.press("#leave").await?;
        second.until_state("ended").await?;
        second.until_text("#headline", "Você saiu da fila").await?;
        third.until_place(1).await
    })
    .await
}
