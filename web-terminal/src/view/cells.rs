//! How large a character is, and how many there is room for.

use wasm_bindgen::JsValue;
use web_sys::HtmlElement;

use super::parts::add;

/// How many characters are measured together: their widths are no whole pixels.
const MEASURED: usize = 50;

/// Something to measure, out of sight.
#[derive(Debug)]
pub(crate) struct Cells {
    sample: HtmlElement,
}

impl Cells {
    pub(super) fn new(scroller: &HtmlElement) -> Result<Self, JsValue> {
        let sample: HtmlElement = add(scroller, "span", "sample")?;
        sample.set_attribute("aria-hidden", "true")?;
        sample.set_text_content(Some(&"0".repeat(MEASURED)));
        Ok(Self { sample })
    }

    /// Width and height of a cell in pixels.
    pub(super) fn size(&self) -> (f64, f64) {
        let bounds = self.sample.get_bounding_client_rect();
        (bounds.width() / MEASURED as f64, bounds.height())
    }

    /// Columns and rows for which `scroller` has room; `None` while it is not shown.
    pub(super) fn fitting(&self, scroller: &HtmlElement) -> Option<(usize, usize)> {
        let (width, height) = self.size();
        let room = (f64::from(scroller.client_width()), f64::from(scroller.client_height()));
        let fit = |room: f64, size: f64| (room / size) as usize;
        (width > 0.0 && room.0 > 0.0).then(|| (fit(room.0, width).max(2), fit(room.1, height).max(1)))
    }
}
