//! Portuguese and English.

use anyhow::Result;

use crate::stage::{Options, play, play_with};

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn the_browsers_language_decides() -> Result<()> {
    for (languages, lang, headline) in [
        ("en-GB", "en", "It is your turn"),
        ("pt-PT", "pt-BR", "É a sua vez"),
        ("fr,de", "pt-BR", "É a sua vez"),
    ] {
        let options = Options { languages, ..Options::default() };
        play_with(&[], options, async |house, browser| {
            let tab = browser.open(&house.url()).await?;
            tab.until_state("talking").await?;
            tab.until_text("#headline", headline).await?;
            assert_eq!(tab.text_of("document.documentElement.lang").await?, lang);
            Ok(())
        })
        .await?;
    }
    Ok(())
}

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn the_switch_changes_everything_and_is_remembered() -> Result<()> {
    play(&[], async |house, browser| {
        let tab = browser.open(&house.url()).await?;
        tab.until_state("talking").await?;
        tab.say("olá").await?;
        tab.until_count("[data-from=server]", 1).await?;
        tab.press("#language").await?;
        tab.until("document.querySelector('#send').innerText === 'Send'").await?;
        tab.until_text("#headline", "It is your turn").await?;
        tab.until_text(".fate", "answered").await?;
        assert_eq!(tab.said().await?[0].words, "Your turn began");
        assert_eq!(tab.said().await?[2].words, "Servidor recebeu: 'olá'", "the wire stays as it is");
        tab.driver.refresh().await?;
        tab.until_state("talking").await?;
        assert_eq!(tab.text_of("document.documentElement.lang").await?, "en");
        tab.press("#language").await?;
        tab.until("document.querySelector('#send').innerText === 'Enviar'").await
    })
    .await
}
