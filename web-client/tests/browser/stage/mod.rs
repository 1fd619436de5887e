//! What the tests play on: a server, a browser, tabs in it, terminals beside it, and a network that can fail.

mod browser;
mod driver;
mod house;
mod input_method;
mod relay;
mod tab;
mod terminal;

pub(crate) use browser::{Browser, Options};
pub(crate) use driver::Driver;
pub(crate) use house::House;
pub(crate) use relay::Relay;
pub(crate) use tab::{Said, Tab};
pub(crate) use terminal::Terminal;

use std::time::Duration;

use anyhow::Context;

use crate::figure;

/// Longest time for anything that a test waits for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Plays a scene in Chromium against a server started with these options.
///
/// Whatever happens in it, browser and server have ended afterwards, and the console was silent.
pub(crate) async fn play<Scene>(options: &[&str], scene: Scene) -> anyhow::Result<()>
where
    Scene: AsyncFnOnce(&House, &Browser) -> anyhow::Result<()>,
{
    play_with(options, Options::default(), scene).await
}

/// Plays a scene in Chromium, and again in Firefox where that is installed.
///
/// The console may complain, as it does when a network fails.
pub(crate) async fn play_in_both<Scene>(options: &[&str], scene: Scene) -> anyhow::Result<()>
where
    Scene: AsyncFn(&House, &Browser) -> anyhow::Result<()>,
{
    let kind = Options { may_complain: true, ..Options::default() };
    play_with(options, kind, &scene).await?;
    let driver = match Driver::firefox().await {
        Ok(driver) => driver,
        Err(error) => {
            figure!("skipped in Firefox: {error:#} (cargo install geckodriver)");
            return Ok(());
        }
    };
    let house = House::open(options)?;
    let browser = Browser::firefox(&driver).await?;
    let played = browser.guard(scene(&house, &browser)).await;
    browser.close().await?;
    house.close().await;
    played.context("in Firefox")
}

/// As [`play`], with a browser of another kind.
pub(crate) async fn play_with<Scene>(options: &[&str], kind: Options, scene: Scene) -> anyhow::Result<()>
where
    Scene: AsyncFnOnce(&House, &Browser) -> anyhow::Result<()>,
{
    let house = House::open(options)?;
    let driver = Driver::chromium().await?;
    let browser = Browser::chromium(&driver, kind).await?;
    let played = browser.guard(scene(&house, &browser)).await;
    browser.close().await?;
    house.close().await;
    played
}
