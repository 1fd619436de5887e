//! A tab with the page in it.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use thirtyfour::error::{WebDriverError, WebDriverErrorInner};
use thirtyfour::prelude::*;
use thirtyfour::{TypingData, WindowHandle};

use super::PATIENCE;

/// One tab; every use brings it to the front of the driver.
pub(crate) struct Tab {
    pub(crate) driver: WebDriver,
    window: WindowHandle,
}

/// A message as the page shows it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Said {
    /// `me`, `server` or `page`.
    pub(crate) from: String,
    /// What became of it; empty for what is not ours.
    pub(crate) state: String,
    /// Its words.
    pub(crate) words: String,
}

impl Tab {
    pub(super) async fn here(driver: &WebDriver) -> Result<Self> {
        Ok(Self { driver: driver.clone(), window: driver.window().await? })
    }

    /// Brings the tab to the front of the driver.
    pub(crate) async fn front(&self) -> Result<()> {
        Ok(self.driver.switch_to_window(self.window.clone()).await?)
    }

    /// The value of an expression in the page.
    pub(crate) async fn value(&self, expression: &str) -> Result<Value> {
        self.front().await?;
        Ok(self.driver.execute(format!("return ({expression})"), Vec::new()).await?.json().clone())
    }

    /// Runs statements in the page.
    pub(crate) async fn run(&self, script: &str) -> Result<()> {
        self.front().await?;
        self.driver.execute(script, Vec::new()).await?;
        Ok(())
    }

    /// Waits until an expression in the page is true.
    ///
    /// The page looks for a second at a time: a script in a page that is left just then is no reason to give up.
    pub(crate) async fn until(&self, expression: &str) -> Result<()> {
        const SPELL: Duration = Duration::from_secs(1);
        const LOOK: &str = "const [millis, done] = arguments; const end = performance.now() + millis;
            (function look() {
                let seen = false;
                try { seen = Boolean(EXPRESSION); } catch (error) { seen = false; }
                if (seen || performance.now() > end) done(seen); else setTimeout(look, 10);
            })();";
        self.front().await?;
        self.driver.set_script_timeout(SPELL * 5).await?;
        let script = LOOK.replace("EXPRESSION", expression);
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            match self.driver.execute_async(&script, vec![json!(SPELL.as_millis() as u64)]).await {
                Ok(seen) if *seen.json() == Value::Bool(true) => return Ok(()),
                Ok(_) => {}
                Err(error) if was_left(&error) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let body = self.value("document.body.innerText").await?;
        let state = self.value("document.body.dataset.state").await?;
        bail!("it never came true: {expression}\nstate {state}, page:\n{body}")
    }

    /// Waits for a phase.
    pub(crate) async fn until_state(&self, state: &str) -> Result<()> {
        self.until(&format!("document.body.dataset.state === '{state}'")).await
    }

    /// Waits for a place in the queue.
    pub(crate) async fn until_place(&self, position: usize) -> Result<()> {
        self.until(&format!("document.querySelector('#place').dataset.position === '{position}'")).await
    }

    /// Waits until so many messages of a kind are there, as in `.message[data-state=answered]`.
    pub(crate) async fn until_count(&self, selector: &str, count: usize) -> Result<()> {
        self.until(&format!("document.querySelectorAll('{selector}').length === {count}")).await
    }

    /// Waits until an element has this text.
    pub(crate) async fn until_text(&self, selector: &str, text: &str) -> Result<()> {
        let text = json!(text);
        self.until(&format!("document.querySelector('{selector}').textContent === {text}")).await
    }

    /// An expression's text.
    pub(crate) async fn text_of(&self, expression: &str) -> Result<String> {
        let value = self.value(expression).await?;
        Ok(value.as_str().with_context(|| format!("{expression} is {value}"))?.to_owned())
    }

    /// Whether an element is to be seen.
    pub(crate) async fn shows(&self, selector: &str) -> Result<bool> {
        let shown = self.value(&format!("document.querySelector('{selector}').checkVisibility()")).await?;
        Ok(shown == Value::Bool(true))
    }

    /// Types into the field.
    pub(crate) async fn write(&self, keys: impl Into<TypingData>) -> Result<()> {
        self.front().await?;
        Ok(self.driver.find(By::Id("message")).await?.send_keys(keys).await?)
    }

    /// Types a message and sends it with Enter.
    pub(crate) async fn say(&self, text: &str) -> Result<()> {
        self.write(text.to_owned() + Key::Enter).await
    }

    /// Makes back-offs last as long as they may, so that what they show can be seen.
    pub(crate) async fn back_off_slowly(&self) -> Result<()> {
        self.run("Math.random = () => 0.999").await
    }

    /// Puts a text into the field at once, as pasting does.
    pub(crate) async fn paste(&self, text: &str) -> Result<()> {
        self.front().await?;
        let script = "const field = document.querySelector('#message'); field.value = arguments[0];
            field.dispatchEvent(new InputEvent('input', { bubbles: true }));";
        self.driver.execute(script, vec![json!(text)]).await?;
        Ok(())
    }

    /// Presses something.
    pub(crate) async fn press(&self, selector: &str) -> Result<()> {
        self.front().await?;
        Ok(self.driver.find(By::Css(selector)).await?.click().await?)
    }

    /// Saves the conversation, and reads the file.
    pub(crate) async fn save(&self) -> Result<String> {
        let folder = tempfile::tempdir()?;
        let behavior = json!({ "behavior": "allow", "downloadPath": folder.path(), "eventsEnabled": false });
        self.devtools("Browser.setDownloadBehavior", behavior).await?;
        self.press("#save").await?;
        let saved = folder.path().join("conversa.txt");
        loop {
            match std::fs::read_to_string(&saved) {
                Ok(text) if !text.is_empty() => return Ok(text),
                _ => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
    }

    /// The conversation.
    pub(crate) async fn said(&self) -> Result<Vec<Said>> {
        let rows = self
            .value(
                "[...document.querySelectorAll('.message')].map(row => [row.dataset.from,
                row.dataset.state ?? '', row.querySelector('.words').textContent])",
            )
            .await?;
        let rows: Vec<[String; 3]> = serde_json::from_value(rows)?;
        Ok(rows.into_iter().map(|[from, state, words]| Said { from, state, words }).collect())
    }

    /// Sends a command of Chromium's devtools protocol.
    pub(crate) async fn devtools(&self, method: &str, parameters: Value) -> Result<Value> {
        self.front().await?;
        Ok(self.driver.cdp().send_raw(method, parameters).await?)
    }

    /// Closes the tab.
    pub(crate) async fn close(self) -> Result<()> {
        self.front().await?;
        Ok(self.driver.close_window().await?)
    }
}

/// Whether a script was cut short because its page was left.
fn was_left(error: &WebDriverError) -> bool {
    match &**error {
        WebDriverErrorInner::ScriptTimeout(_) => true,
        // Firefox says so.
        WebDriverErrorInner::JavascriptError(error) => error.to_string().contains("Document was unloaded"),
        _ => false,
    }
}

impl Said {
    /// A message as a test expects it.
    pub(crate) fn new(from: &str, state: &str, words: &str) -> Self {
        Self { from: from.into(), state: state.into(), words: words.into() }
    }
}
