//! The turn comes: the cursor, the tab's title and icon, and the calls for those who look elsewhere.

use anyhow::Result;
use serde_json::json;

use crate::stage::{Browser, House, Tab, play};

/// Records what would call a person, and puts the page out of sight.
const LOOK_ELSEWHERE: &str = "window.calls = [];
    window.Notification = class { constructor(title) { calls.push('notification ' + title); }
        static permission = 'granted'; static requestPermission() {} };
    navigator.vibrate = () => calls.push('vibration');
    const start = OscillatorNode.prototype.start;
    OscillatorNode.prototype.start = function (...when) { calls.push('tone'); start.apply(this, when); };
    Object.defineProperty(document, 'hidden', { get: () => true, configurable: true });
    document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));";

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn the_turn_is_seen_in_the_tab_and_heard_at_once() -> Result<()> {
    play(&[], async |house, browser| {
        let (first, second) = talking_and_waiting(house, browser).await?;
        let calm = second.text_of("document.querySelector('#icon').href").await?;
        second.run("document.activeElement.blur()").await?;
        first.say("sair").await?;
        second.until_state("talking").await?;
        second.until("document.title === '● É a sua vez · Vez'").await?;
        second.until("document.activeElement.id === 'message'").await?;
        second.until_text("#alert", "É a sua vez").await?;
        let icon = "document.querySelector('#icon').href";
        assert!(second.text_of(icon).await?.starts_with("data:image/svg+xml,"));
        second.say("sair").await?;
        second.until_state("ended").await?;
        assert_eq!(second.text_of(icon).await?, calm);
        Ok(())
    })
    .await
}

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn a_page_in_the_background_calls() -> Result<()> {
    play(&[], async |house, browser| {
        let first = browser.open(&house.url()).await?;
        first.until_state("talking").await?;
        let second = browser.open_another(&house.url()).await?;
        second.devtools("Browser.grantPermissions", json!({ "permissions": ["notifications"] })).await?;
        second.driver.refresh().await?;
        second.until_place(1).await?;
        second.run(LOOK_ELSEWHERE).await?;
        first.say("sair").await?;
        second.until("calls.length === 4").await?;
        let calls = second.text_of("calls.join(', ')").await?;
        assert_eq!(calls, "notification É a sua vez, vibration, tone, tone");
        Ok(())
    })
    .await
}

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn the_warning_reaches_who_looks_elsewhere() -> Result<()> {
    play(&["--idle-limit=16s", "--warn-before=15s"], async |house, browser| {
        let tab = browser.open(&house.url()).await?;
        tab.devtools("Browser.grantPermissions", json!({ "permissions": ["notifications"] })).await?;
        tab.driver.refresh().await?;
        tab.until_state("talking").await?;
        tab.run(LOOK_ELSEWHERE).await?;
        let _terminal = house.terminal().await?;
        tab.until("calls.length === 4").await?;
        let calls = tab.text_of("calls.join(', ')").await?;
        assert_eq!(calls, "notification Você ainda está aí?, vibration, tone, tone");
        tab.until("document.title === '● Você ainda está aí? · Vez'").await?;
        tab.until("document.querySelector('#alert').textContent.startsWith('Há gente esperando.')").await?;
        assert_eq!(tab.text_of("document.querySelector('#alert').role").await?, "alert");
        Ok(())
    })
    .await
}

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn the_sound_can_be_turned_off_for_good() -> Result<()> {
    play(&[], async |house, browser| {
        let (first, second) = talking_and_waiting(house, browser).await?;
        second.press("#sound").await?;
        second.driver.refresh().await?;
        second.until_place(1).await?;
        assert_eq!(second.text_of("document.querySelector('#sound').ariaPressed").await?, "false");
        second.run(LOOK_ELSEWHERE).await?;
        first.say("sair").await?;
        second.until_state("talking").await?;
        second.until("calls.includes('vibration')").await?;
        assert_eq!(second.value("calls.includes('tone')").await?, false);
        Ok(())
    })
    .await
}

#[tokio::test]
#[ignore = "needs Chromium: run cargo xtask test"]
async fn notifications_are_asked_for_by_a_button_and_not_on_load() -> Result<()> {
    play(&[], async |house, browser| {
        let (_first, second) = talking_and_waiting(house, browser).await?;
        second.until("document.querySelector('#notify').checkVisibility()").await?;
        second
            .run(
                "window.asked = 0; Notification.requestPermission = () => { asked += 1;
                Object.defineProperty(Notification, 'permission', { get: () => 'granted' });
                return Promise.resolve('granted'); }",
            )
            .await?;
        assert_eq!(second.value("asked").await?, 0);
        second.press("#notify").await?;
        second.until("!document.querySelector('#notify').checkVisibility()").await?;
        assert_eq!(second.value("asked").await?, 1);
        Ok(())
    })
    .await
}

async fn talking_and_waiting(house: &House, browser: &Browser) -> Result<(Tab, Tab)> {
    let first = browser.open(&house.url()).await?;
    first.until_state("talking").await?;
    let second = browser.open_another(&house.url()).await?;
    second.until_place(1).await?;
    Ok((first, second))
}
