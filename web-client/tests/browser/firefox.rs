//! The core conversation in Firefox.

use anyhow::Result;

use crate::figure;
use crate::stage::{Browser, Driver, House};

#[tokio::test]
#[ignore = "needs Firefox: run cargo xtask test"]
async fn firefox_waits_talks_and_says_goodbye() -> Result<()> {
    let driver = match Driver::firefox().await {
        Ok(driver) => driver,
        Err(error) => {
            figure!("skipped: {error:#} (cargo install geckodriver)");
            return Ok(());
        }
    };
    let house = House::open(&[])?;
    let browser = Browser::firefox(&driver).await?;
    let played = browser.guard(converse(&house, &browser)).await;
    browser.close().await?;
    house.close().await;
    played
}

async fn converse(house: &House, browser: &Browser) -> Result<()> {
    let mut terminal = house.terminal().await?;
    terminal.say("oi\n").await?;
    terminal.hear("Servidor recebeu: 'oi'\n").await?;
    let tab = browser.open(&house.url()).await?;
    tab.until_place(1).await?;
    tab.say("adiantada").await?;
    tab.driver.refresh().await?;
    tab.until_place(1).await?;
    tab.until_count(".message[data-state=waiting]", 1).await?;
    terminal.say("sair\n").await?;
    tab.until_state("talking").await?;
    tab.until_count(".message[data-state=answered]", 1).await?;
    tab.say("<b>olá</b>").await?;
    tab.until_count(".message[data-state=answered]", 2).await?;
    assert_eq!(tab.said().await?[4].words, "Servidor recebeu: '<b>olá</b>'");
    let before = tab.said().await?;
    tab.write("meia frase").await?;
    tab.driver.refresh().await?;
    tab.until_state("talking").await?;
    assert_eq!(tab.said().await?, before);
    assert_eq!(tab.text_of("document.querySelector('#message').value").await?, "meia frase");
    tab.press("#leave").await?;
    tab.until_state("ended").await
}
