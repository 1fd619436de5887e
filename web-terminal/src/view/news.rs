//! What a screen reader says: the lines that a program has finished, unless there are more than anybody could listen
//! to, or it draws all over the screen.

use avt::Line;
use wasm_bindgen::JsValue;
use web_sys::{Element, HtmlElement};

use super::parts::add;
use crate::screen::Screen;

/// How many lines are told at once at most.
const MOST: usize = 20;

/// A live region, out of sight.
#[derive(Debug)]
pub(super) struct News {
    region: HtmlElement,
    /// The number of the line after the last that was told, since the beginning.
    told: usize,
}

impl News {
    pub(super) fn new(root: &Element) -> Result<Self, JsValue> {
        let region: HtmlElement = add(root, "div", "unseen")?;
        region.set_attribute("role", "log")?;
        Ok(Self { region, told: 0 })
    }

    /// Forgets what was told.
    pub(super) fn clear(&mut self) {
        self.region.set_text_content(None);
        self.told = usize::MAX;
    }

    /// Tells what is new.
    pub(super) fn tell(&mut self, screen: &Screen) -> Result<(), JsValue> {
        let Some((_, row)) = screen.cursor().filter(|_| !screen.is_alternate()) else { return Ok(()) };
        let finished = screen.dropped() + screen.history() + row;
        let new = finished.saturating_sub(self.told);
        if (1..=MOST).contains(&new) && self.told >= screen.dropped() {
            let lines = screen.lines_from(self.told - screen.dropped()).take(new);
            let text: Vec<String> = lines.map(Line::text).collect();
            if self.region.child_element_count() as usize >= MOST
                && let Some(oldest) = self.region.first_element_child()
            {
                oldest.remove();
            }
            add::<HtmlElement>(&self.region, "p", "")?.set_text_content(Some(text.join("\n").trim_end()));
        }
        self.told = finished;
        Ok(())
    }
}
