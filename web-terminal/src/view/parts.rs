//! The elements that do not change.

use vez_browser::{document, report};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, HtmlElement, HtmlTextAreaElement};

/// The keys that screens without a keyboard lack: their names, and what is said of them where the name is a sign.
const KEYS: [(&str, &str); 7] = [
    ("Escape", "Esc"),
    ("Tab", "Tab"),
    ("Control", "Ctrl"),
    ("ArrowLeft", "←"),
    ("ArrowUp", "↑"),
    ("ArrowDown", "↓"),
    ("ArrowRight", "→"),
];
/// How the keyboard comes out of the terminal, in both of the page's languages.
const WAY_OUT: [(&str, &str); 2] =
    [("pt", "Ctrl+Shift+↓ sai do terminal"), ("en", "Ctrl+Shift+↓ leaves the terminal")];

/// The elements.
#[derive(Debug)]
pub(crate) struct Parts {
    /// Holds all others.
    pub(crate) root: HtmlElement,
    /// The title that the program gave the window.
    title: HtmlElement,
    /// Scrolls; holds the lines and the field.
    pub(crate) scroller: HtmlElement,
    /// What is typed into, at the cursor: keyboards on screens and input methods want something to type into.
    pub(crate) field: HtmlTextAreaElement,
    /// The keys that screens without a keyboard lack.
    pub(crate) keys: HtmlElement,
}

impl Parts {
    pub(super) fn new(place: &HtmlElement) -> Result<Self, JsValue> {
        let root: HtmlElement = make("div")?;
        root.set_id("terminal");
        let title = add(&root, "p", "title")?;
        let scroller: HtmlElement = add(&root, "div", "screen")?;
        // What is selected has the focus, so that it can be copied.
        scroller.set_tab_index(-1);
        let field: HtmlTextAreaElement = add(&scroller, "textarea", "field")?;
        for (name, value) in [
            ("aria-label", "Terminal"),
            ("aria-describedby", "way-out"),
            ("autocapitalize", "none"),
            ("autocomplete", "off"),
            ("autocorrect", "off"),
            ("spellcheck", "false"),
            ("rows", "1"),
        ] {
            field.set_attribute(name, value)?;
        }
        let keys: HtmlElement = add(&root, "div", "touch")?;
        for (name, sign) in KEYS {
            let key: HtmlElement = add(&keys, "button", "")?;
            key.set_attribute("type", "button")?;
            key.set_attribute("data-key", name)?;
            if name.starts_with("Arrow") {
                key.set_attribute("aria-label", name)?;
            }
            if name == "Control" {
                key.set_attribute("aria-pressed", "false")?;
            }
            key.set_text_content(Some(sign));
        }
        let way_out: HtmlElement = add(&root, "p", "way-out")?;
        way_out.set_id("way-out");
        for (language, text) in WAY_OUT {
            add::<HtmlElement>(&way_out, "span", language)?.set_text_content(Some(text));
        }
        place.before_with_node_1(&root)?;
        Ok(Self { root, title, scroller, field, keys })
    }

    /// Shows a title, which is text.
    pub(super) fn set_title(&self, title: &str) {
        if self.title.text_content().as_deref() != Some(title) {
            self.title.set_text_content(Some(title));
        }
    }

    /// Brings the end into sight.
    pub(super) fn to_end(&self) {
        self.scroller.set_scroll_top(self.scroller.scroll_height());
    }

    /// Moves the field, in whole pixels: more would be shown by a formatter as large as the rest.
    pub(super) fn move_field(&self, left: f64, top: f64) -> Result<(), JsValue> {
        let style = self.field.style();
        style.set_property("left", &format!("{}px", left as i32))?;
        style.set_property("top", &format!("{}px", top as i32))
    }

    pub(super) fn set_live(&self, is_live: bool) {
        report(self.root.toggle_attribute_with_force("data-live", is_live).map(drop));
        self.field.set_read_only(!is_live);
    }
}

pub(super) fn make<T: JsCast>(tag: &str) -> Result<T, JsValue> {
    Ok(document()?.create_element(tag)?.unchecked_into())
}

/// Makes an element and adds it to another.
pub(super) fn add<T: JsCast>(to: &Element, tag: &str, class: &str) -> Result<T, JsValue> {
    let element: Element = make(tag)?;
    if !class.is_empty() {
        element.set_class_name(class);
    }
    to.append_child(&element)?;
    Ok(element.unchecked_into())
}
