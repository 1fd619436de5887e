//! Talking: messages, their fates, their words.

use anyhow::Result;
use thirtyfour::prelude::*;

use crate::stage::{Said, play, play_in_both};

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn a_conversation_and_its_farewell() -> Result<()> {
    play(&[], async |house, browser| {
        let tab = browser.open(&house.url()).await?;
        tab.until_state("talking").await?;
        tab.say("Olá, tudo bem?").await?;
        tab.until_count("[data-state=answered]", 1).await?;
        tab.say("sair").await?;
        tab.until_state("ended").await?;
        let expected = [
            Said::new("page", "", "A sua vez começou"),
            Said::new("me", "answered", "Olá, tudo bem?"),
            Said::new("server", "", "Servidor recebeu: 'Olá, tudo bem?'"),
            Said::new("me", "answered", "sair"),
            Said::new("server", "", "Servidor: Desconectando..."),
            Said::new("page", "", "A conversa terminou"),
        ];
        assert_eq!(tab.said().await?, expected);
        assert_eq!(
            tab.text_of("document.querySelector('#headline').textContent").await?,
            "Conversa encerrada"
        );
        Ok(())
    })
    .await
}

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn a_program_speaks_unprompted_and_no_message_waits_for_an_answer() -> Result<()> {
    // It answers only when it has two messages, and then once more by itself.
    let script = "echo bem-vindo; read um; read dois; echo \"1: $um\"; echo \"2: $dois\"; echo tchau; cat";
    play(&["--exec", "--", "sh", "-c", script], async |house, browser| {
        let tab = browser.open(&house.url()).await?;
        tab.until_count("[data-from=server]", 1).await?;
        tab.say("primeira").await?;
        tab.until_count("[data-state=sent]", 1).await?;
        tab.say("segunda").await?;
        tab.until_count("[data-from=server]", 4).await?;
        let expected = [
            Said::new("page", "", "A sua vez começou"),
            Said::new("server", "", "bem-vindo"),
            Said::new("me", "answered", "primeira"),
            Said::new("me", "answered", "segunda"),
            Said::new("server", "", "1: primeira"),
            Said::new("server", "", "2: segunda"),
            Said::new("server", "", "tchau"),
        ];
        assert_eq!(tab.said().await?, expected);
        Ok(())
    })
    .await
}

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn the_buttons_send_leave_and_connect_again() -> Result<()> {
    play(&[], async |house, browser| {
        let tab = browser.open(&house.url()).await?;
        tab.until_state("talking").await?;
        tab.write("pelo botão").await?;
        tab.press("#send").await?;
        tab.until_count("[data-state=answered]", 1).await?;
        tab.press("#leave").await?;
        tab.until_state("ended").await?;
        assert!(!tab.shows("#leave").await?);
        tab.press("#reconnect").await?;
        tab.until_state("talking").await?;
        tab.say("de volta").await?;
        tab.until("[...document.querySelectorAll('[data-from=server] .words')].at(-1).textContent.includes('de volta')")
            .await
    })
    .await
}

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn the_enter_that_confirms_a_composition_sends_nothing() -> Result<()> {
    play(&[], async |house, browser| {
        let tab = browser.open(&house.url()).await?;
        tab.until_state("talking").await?;
        tab.write("にほん").await?;
        // As Safari does it: composition has ended, and the key says that it was processed.
        tab.run(
            "document.querySelector('#message').dispatchEvent(new KeyboardEvent('keydown',
            { key: 'Enter', keyCode: 229, bubbles: true, cancelable: true }))",
        )
        .await?;
        tab.say("ご").await?;
        tab.until_count("[data-from=server]", 1).await?;
        assert_eq!(tab.said().await?[1].words, "にほんご");
        Ok(())
    })
    .await
}

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn markup_in_a_message_is_text() -> Result<()> {
    play(&[], async |house, browser| {
        let tab = browser.open(&house.url()).await?;
        tab.until_state("talking").await?;
        let markup = "<img src=x onerror=alert(1)>";
        tab.say(markup).await?;
        tab.until_count("[data-from=server]", 1).await?;
        let said = tab.said().await?;
        assert_eq!(said[1].words, markup);
        assert_eq!(said[2].words, format!("Servidor recebeu: '{markup}'"));
        assert_eq!(tab.value("document.querySelectorAll('#log img').length").await?, 0);
        Ok(())
    })
    .await
}

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn shift_and_enter_break_the_line_and_breaks_are_kept() -> Result<()> {
    play(&[], async |house, browser| {
        let tab = browser.open(&house.url()).await?;
        tab.until_state("talking").await?;
        tab.write("um").await?;
        tab.write(Key::Shift + Key::Enter).await?;
        tab.say("dois").await?;
        tab.until_count("[data-from=server]", 1).await?;
        assert_eq!(tab.said().await?[1].words, "um\ndois");
        let lines = "(row => row.getBoundingClientRect().height > 1.8 *
            parseFloat(getComputedStyle(row).lineHeight))(document.querySelector('[data-from=me] .words'))";
        assert_eq!(tab.value(lines).await?, true, "the break is seen");
        Ok(())
    })
    .await
}

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn an_empty_message_is_refused_with_a_word() -> Result<()> {
    play(&[], async |house, browser| {
        let tab = browser.open(&house.url()).await?;
        tab.until_state("talking").await?;
        tab.say("   ").await?;
        tab.until_text("#hint", "Por favor, digite uma mensagem ou ‘sair’.").await?;
        assert_eq!(tab.value("document.querySelectorAll('[data-from=me]').length").await?, 0);
        tab.write("a").await?;
        tab.until("!document.querySelector('#hint').hasAttribute('data-wrong')").await
    })
    .await
}

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn the_limit_is_shown_before_it_is_hit() -> Result<()> {
    play(&[], async |house, browser| {
        let tab = browser.open(&house.url()).await?;
        tab.until_state("talking").await?;
        tab.paste(&"é".repeat(31 * 1024)).await?;
        tab.until_text("#hint", "Cabem mais 2 KiB.").await?;
        assert_eq!(tab.value("document.querySelector('#send').disabled").await?, false);
        tab.paste(&"é".repeat(33 * 1024)).await?;
        tab.until_text("#hint", "Passou 2 KiB do limite de 64 KiB.").await?;
        assert_eq!(tab.value("document.querySelector('#send').disabled").await?, true);
        let longest = "é".repeat(32 * 1024);
        tab.paste(&longest).await?;
        tab.press("#send").await?;
        tab.until_count("[data-from=server]", 1).await?;
        assert_eq!(tab.said().await?[2].words, format!("Servidor recebeu: '{longest}'"));
        Ok(())
    })
    .await
}

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn long_words_wrap() -> Result<()> {
    play(&[], async |house, browser| {
        let tab = browser.open(&house.url()).await?;
        tab.until_state("talking").await?;
        tab.say(&"a".repeat(2000)).await?;
        tab.until_count("[data-from=server]", 1).await?;
        tab.until("document.querySelector('#log').scrollWidth <= document.querySelector('#log').clientWidth")
            .await
    })
    .await
}

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn a_warning_counts_down_and_staying_lifts_it() -> Result<()> {
    play(&["--idle-limit=20s", "--warn-before=19s"], async |house, browser| {
        let tab = browser.open(&house.url()).await?;
        tab.until_state("talking").await?;
        let mut terminal = house.terminal().await?;
        tab.until("document.querySelector('#stay').checkVisibility()").await?;
        let countdown = "document.querySelector('#countdown').textContent";
        let first = tab.text_of(countdown).await?;
        assert!(first.starts_with("Há gente esperando."), "{first}");
        tab.until(&format!("{countdown} !== {first:?}")).await?;
        tab.run(
            "window.frames_sent = []; const send = WebSocket.prototype.send;
            WebSocket.prototype.send = function (frame) { frames_sent.push(frame); send.call(this, frame); }",
        )
        .await?;
        tab.press("#stay").await?;
        tab.until("!document.querySelector('#stay').checkVisibility()").await?;
        assert_eq!(tab.text_of("frames_sent.join(' ')").await?, r#"{"type":"stay"}"#);
        assert_eq!(tab.said().await?, [Said::new("page", "", "A sua vez começou")]);
        tab.until("document.activeElement.id === 'message'").await?;
        tab.say("sair").await?;
        terminal.say("oi\n").await?;
        terminal.hear("Servidor recebeu: 'oi'\n").await
    })
    .await
}

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn a_conversation_is_waited_for_held_and_ended() -> Result<()> {
    play_in_both(&[], async |house, browser| {
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
    })
    .await
}
