//! Waiting: the place as words, number and picture, and what is written beforehand.

use anyhow::Result;

use crate::stage::{Said, play};

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn the_place_is_said_and_shown() -> Result<()> {
    play(&[], async |house, browser| {
        let first = browser.open(&house.url()).await?;
        first.until_state("talking").await?;
        let mut terminals = Vec::new();
        for _ in 0..2 {
            terminals.push(house.terminal().await?);
        }
        let tab = browser.open_another(&house.url()).await?;
        tab.until_place(3).await?;
        tab.until_text("#place", "3").await?;
        tab.until_text("#headline", "Você é o 3º da fila").await?;
        tab.until_text("#detail", "3 pessoas à sua frente.").await?;
        let people = "[...document.querySelectorAll('.person')].map(person => person.dataset.who).join(' ')";
        assert_eq!(tab.text_of(people).await?, "talking waiting waiting me");
        tab.until("document.title === 'Você é o 3º da fila · Vez'").await?;
        drop(terminals);
        tab.until_text("#headline", "Você é o próximo").await?;
        assert_eq!(tab.text_of(people).await?, "talking me");
        Ok(())
    })
    .await
}

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn recent_turns_give_an_estimate() -> Result<()> {
    play(&[], async |house, browser| {
        for _ in 0..4 {
            let mut terminal = house.terminal().await?;
            terminal.say("sair\n").await?;
            terminal.hear("Servidor: Desconectando...\n").await?;
        }
        let first = browser.open(&house.url()).await?;
        first.until_state("talking").await?;
        let second = browser.open_another(&house.url()).await?;
        second.until_place(1).await?;
        second.until("/momento|minuto/.test(document.querySelector('#detail').textContent)").await
    })
    .await
}

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn what_is_written_beforehand_goes_out_with_the_turn() -> Result<()> {
    play(&[], async |house, browser| {
        let first = browser.open(&house.url()).await?;
        first.until_state("talking").await?;
        let second = browser.open_another(&house.url()).await?;
        second.until_place(1).await?;
        second.say("adiantado").await?;
        second.until_count("[data-state=waiting]:is(.message)", 1).await?;
        second.write("rascunho").await?;
        first.say("sair").await?;
        second.until_count(".message[data-state=answered]", 1).await?;
        let said = second.said().await?;
        assert!(said.contains(&Said::new("server", "", "Servidor recebeu: 'adiantado'")), "{said:?}");
        assert_eq!(second.text_of("document.querySelector('#message').value").await?, "rascunho");
        Ok(())
    })
    .await
}
