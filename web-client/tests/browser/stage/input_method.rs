//! An input method, as far as a browser lets a driver be one.

use anyhow::{Result, ensure};
use http::Method;
use serde_json::{Value, json};
use thirtyfour::common::command::FormatRequestData;
use thirtyfour::{RequestData, SessionId};

use super::{Browser, Tab};

/// Whose scripts Firefox runs: the page's, or its own (geckodriver, `POST /session/{id}/moz/context`).
#[derive(Debug)]
struct Context(&'static str);

impl FormatRequestData for Context {
    fn format_request(&self, session: &SessionId) -> RequestData {
        let request = RequestData::new(Method::POST, format!("/session/{session}/moz/context"));
        request.add_body(json!({ "context": self.0 }))
    }
}

/// What an input method does in Firefox (`nsITextInputProcessor`).
const COMPOSE: &str = "const [steps, text] = arguments;
    const method = Cc['@mozilla.org/text-input-processor;1'].createInstance(Ci.nsITextInputProcessor);
    if (!method.beginInputTransactionForTests(window)) return false;
    for (const step of steps) {
        method.setPendingCompositionString(step);
        method.appendClauseToPendingComposition(step.length, method.ATTR_RAW_CLAUSE);
        method.setCaretInPendingComposition(step.length);
        method.flushPendingComposition();
    }
    method.commitCompositionWith(text);
    return true;";

impl Browser {
    /// Composes a text where the focus is, which is shown in these steps before.
    pub(crate) async fn compose(&self, tab: &Tab, steps: &[&str], text: &str) -> Result<()> {
        tab.front().await?;
        if self.is_chromium {
            for step in steps {
                let end = step.chars().count();
                let composition = json!({ "text": step, "selectionStart": 0, "selectionEnd": end });
                tab.devtools("Input.imeSetComposition", composition).await?;
            }
            tab.devtools("Input.insertText", json!({ "text": text })).await?;
            return Ok(());
        }
        self.driver.cmd(Context("chrome")).await?;
        let composed = self.driver.execute(COMPOSE, vec![json!(steps), json!(text)]).await;
        self.driver.cmd(Context("content")).await?;
        ensure!(*composed?.json() == Value::Bool(true), "Firefox has another input method");
        Ok(())
    }
}
