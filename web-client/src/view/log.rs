//! The conversation's newest part, which grows at its end and keeps the reader's place.

use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, HtmlElement};

use super::elements::{focused, make, set};
use super::row::Row;
use super::tail::Tail;
use crate::browser::element;
use crate::locale::Sentences;
use crate::state::{Entry, Speaker};

/// How many rows a block has; the browser passes over those out of sight as a whole, which keeps a long
/// conversation smooth.
const BLOCK: usize = 100;

/// How many rows stay at least; what is older is only in the saved file.
const MOST: usize = 500;

/// The conversation's elements.
#[derive(Debug)]
pub(super) struct Log {
    log: HtmlElement,
    /// Holds the blocks of rows; it grows within the log.
    list: Element,
    rows: Vec<Row>,
    /// The index of the entry in the first row.
    first: usize,
    /// The entries that changed since they were drawn.
    touched: Vec<usize>,
    /// The copy button that Tab reaches.
    reachable: Option<Element>,
    tail: Tail,
}

impl Log {
    pub(super) fn new() -> Result<Self, JsValue> {
        let log: HtmlElement = element("log")?;
        let list: Element = element("list")?;
        let tail = Tail::new(&log, &list)?;
        Ok(Self { log, list, rows: Vec::new(), first: 0, touched: Vec::new(), reachable: None, tail })
    }

    /// Forgets what was drawn, so that it is drawn anew.
    pub(super) fn clear(&mut self) {
        self.rows.clear();
        self.list.set_text_content(None);
    }

    /// The element with an entry's words.
    pub(super) fn words(&self, index: usize) -> Option<&Element> {
        self.rows.get(index.checked_sub(self.first)?).map(Row::words)
    }

    /// Notes that an entry changed.
    pub(super) fn touch(&mut self, index: usize) {
        self.touched.push(index);
    }

    /// Draws the entries that are new and the fates that changed.
    pub(super) fn draw(&mut self, entries: &[Entry], words: Sentences) -> Result<(), JsValue> {
        if self.rows.is_empty() {
            self.first = entries.len().saturating_sub(MOST) / BLOCK * BLOCK;
        }
        for index in std::mem::take(&mut self.touched) {
            let row = index.checked_sub(self.first).and_then(|row| self.rows.get_mut(row));
            if let (Some(row), Some(entry)) = (row, entries.get(index)) {
                row.update(entry.speaker, words);
            }
        }
        match entries.get(self.first + self.rows.len()..) {
            None | Some([]) => Ok(()),
            Some(new) => self.append(new, words),
        }
    }

    fn append(&mut self, new: &[Entry], words: Sentences) -> Result<(), JsValue> {
        // A conversation that comes back whole is not read out, nor what the panel or the alert says already.
        let is_whole = self.rows.is_empty();
        let is_said = new.iter().all(|entry| matches!(entry.speaker, Speaker::Page(_)));
        set(&self.log, "aria-live", if is_whole || is_said { "off" } else { "polite" });
        for entry in new {
            let row = Row::new(entry, self.first + self.rows.len(), words)?;
            self.block()?.append_child(row.element())?;
            self.make_reachable(row.copy());
            self.rows.push(row);
        }
        self.drop_oldest()?;
        let is_mine = new.iter().any(|entry| matches!(entry.speaker, Speaker::Me(_)));
        self.tail.grew(is_mine || is_whole);
        Ok(())
    }

    /// Drops the oldest blocks; a focus in them stays in the conversation.
    fn drop_oldest(&mut self) -> Result<(), JsValue> {
        while self.rows.len() > MOST + BLOCK {
            let Some(oldest) = self.list.first_element_child() else { break };
            if oldest.contains(focused().as_deref()) {
                self.log.focus()?;
            }
            oldest.remove();
            self.rows = std::mem::take(&mut self.rows).into_iter().skip(BLOCK).collect();
            self.first += BLOCK;
        }
        Ok(())
    }

    /// The block that takes the next row.
    fn block(&self) -> Result<Element, JsValue> {
        match self.list.last_element_child() {
            Some(last) if !self.rows.len().is_multiple_of(BLOCK) => Ok(last),
            _ => {
                let block = make("div", "block")?;
                self.list.append_child(&block)?;
                Ok(block)
            }
        }
    }

    /// Puts the focus on the copy button after or before a message's; notes have none.
    pub(super) fn step(&self, from: usize, forward: bool) -> Result<(), JsValue> {
        let from = from.saturating_sub(self.first);
        let copy = if forward {
            self.rows.iter().skip(from + 1).find_map(Row::copy)
        } else {
            self.rows.iter().take(from).rev().find_map(Row::copy)
        };
        copy.map_or(Ok(()), |copy| copy.unchecked_ref::<HtmlElement>().focus())
    }

    /// Lets Tab reach the newest copy button alone; the arrows lead to the others.
    fn make_reachable(&mut self, copy: Option<&Element>) {
        let Some(copy) = copy else { return };
        if let Some(before) = self.reachable.replace(copy.clone()) {
            set(&before, "tabindex", "-1");
        }
        set(copy, "tabindex", "0");
    }
}
