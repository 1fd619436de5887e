//! A browser with an empty profile, and tabs in it.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;
use thirtyfour::common::capabilities::firefox::FirefoxPreferences;
use thirtyfour::prelude::*;
use thirtyfour::{BrowserLogEntry, LoggingPrefsLogLevel};

use super::{Driver, House, Tab};

/// Longest time for a whole scene.
const SCENE: Duration = Duration::from_secs(120);

/// How a browser differs from the usual one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    /// The languages that the person reads, best first.
    pub(crate) languages: &'static str,
    /// Width and height of the window in pixels.
    pub(crate) size: (u32, u32),
    /// Whether messages on the console are expected, as when the network fails.
    pub(crate) may_complain: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { languages: "pt-BR", size: (1000, 760), may_complain: false }
    }
}

/// A running browser.
pub(crate) struct Browser {
    pub(crate) driver: WebDriver,
    options: Options,
    profile: TempDir,
    pub(super) is_chromium: bool,
}

impl Browser {
    /// Starts Chromium, or the program that `VEZ_CHROMIUM` names.
    pub(crate) async fn chromium(driver: &Driver, options: Options) -> Result<Self> {
        let profile = TempDir::with_prefix("vez-chromium-")?;
        let mut wishes = DesiredCapabilities::chrome();
        for argument in CHROMIUM_ARGUMENTS {
            wishes.add_arg(argument)?;
        }
        wishes.add_arg(&format!("--user-data-dir={}", profile.path().display()))?;
        wishes.add_arg(&format!("--window-size={},{}", options.size.0, options.size.1))?;
        wishes.add_arg(&format!("--accept-lang={}", options.languages))?;
        wishes.set_logging_prefs("browser", LoggingPrefsLogLevel::All)?;
        if let Ok(binary) = std::env::var("VEZ_CHROMIUM") {
            wishes.set_binary(&binary)?;
        }
        let driver = WebDriver::new(driver.url(), wishes).await.context("Chromium does not start")?;
        Ok(Self { driver, options, profile, is_chromium: true })
    }

    /// Starts Firefox.
    pub(crate) async fn firefox(driver: &Driver) -> Result<Self> {
        let profile = TempDir::with_prefix("vez-firefox-")?;
        let mut wishes = DesiredCapabilities::firefox();
        wishes.add_arg("-headless")?;
        wishes.add_arg("-profile")?;
        wishes.add_arg(&profile.path().display().to_string())?;
        let mut preferences = FirefoxPreferences::new();
        preferences.set("intl.accept_languages", Options::default().languages)?;
        wishes.set_preferences(preferences)?;
        let driver = WebDriver::new(driver.url(), wishes).await.context("Firefox does not start")?;
        Ok(Self { driver, options: Options::default(), profile, is_chromium: false })
    }

    /// Opens a page in the tab that the browser started with.
    pub(crate) async fn open(&self, url: &str) -> Result<Tab> {
        self.driver.goto(url).await?;
        Tab::here(&self.driver).await
    }

    /// Opens a page in a tab more.
    pub(crate) async fn open_another(&self, url: &str) -> Result<Tab> {
        let window = self.driver.new_tab().await?;
        self.driver.switch_to_window(window).await?;
        self.open(url).await
    }

    /// Opens the page in a tab more as duplicating another tab does: from its history, and with a copy of what its session
    /// keeps, as a tab has that a page opens.
    pub(crate) async fn duplicate(&self, tab: &Tab, house: &House) -> Result<Tab> {
        let beside = format!("{}healthz", house.url());
        tab.front().await?;
        let before = self.driver.windows().await?;
        self.driver.execute(format!("window.open('{beside}', '_blank', '')"), Vec::new()).await?;
        let windows = self.driver.windows().await?;
        let opened = windows.into_iter().find(|window| !before.contains(window)).context("a tab")?;
        self.driver.switch_to_window(opened).await?;
        let copy = Tab::here(&self.driver).await?;
        copy.until(&format!("location.href === '{beside}'")).await?;
        // What hears of its end is not kept as it is, and so loaded again.
        copy.run("onunload = () => {}; history.pushState(null, '', '/')").await?;
        self.driver.goto(&beside).await?;
        self.driver.back().await?;
        Ok(copy)
    }

    /// Plays a scene to its end, its panic or its time limit.
    pub(crate) async fn guard(&self, scene: impl Future<Output = Result<()>>) -> Result<()> {
        tokio::time::timeout(SCENE, catch_panic(scene)).await.context("the scene takes too long")?
    }

    /// Ends the browser, which must have had nothing to complain about.
    pub(crate) async fn close(self) -> Result<()> {
        let complaints = if self.is_chromium { self.complaints().await } else { Ok(Vec::new()) };
        self.driver.quit().await?;
        self.profile.close()?;
        let complaints = complaints?;
        ensure!(self.options.may_complain || complaints.is_empty(), "on the console: {complaints:#?}");
        Ok(())
    }

    /// What is on the console, violations of the policy included.
    async fn complaints(&self) -> Result<Vec<BrowserLogEntry>> {
        Ok(self.driver.browser_log().await?)
    }
}

/// A panic as an error, so that the browser is ended before the test fails.
async fn catch_panic(scene: impl Future<Output = Result<()>>) -> Result<()> {
    let mut scene = std::pin::pin!(scene);
    std::future::poll_fn(|context| {
        let poll = std::panic::AssertUnwindSafe(|| scene.as_mut().poll(context));
        match std::panic::catch_unwind(poll) {
            Ok(poll) => poll,
            Err(panic) => {
                let text = panic.downcast_ref::<String>().map(String::as_str);
                let text = text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("a panic");
                std::task::Poll::Ready(Err(anyhow::anyhow!("{text}")))
            }
        }
    })
    .await
}

/// Chromium without a screen, without its own errands, and as awake in the background as in front.
const CHROMIUM_ARGUMENTS: [&str; 14] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--autoplay-policy=no-user-gesture-required",
    "--hide-scrollbars",
];
