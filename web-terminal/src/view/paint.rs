//! A line's runs as elements. Colours come from classes and from properties, never from a style sheet made here: the
//! page's policy allows none.

use avt::{Color, Line, Pen};
use wasm_bindgen::JsValue;
use web_sys::HtmlElement;

use super::parts::add;
use crate::screen::{Look, Run, runs};

/// The steps of the colour cube, of which there are six for red, green and blue (xterm's 256colres.pl).
const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// Draws a line anew.
pub(super) fn paint(row: &HtmlElement, line: &Line, cursor: Option<usize>) -> Result<(), JsValue> {
    let runs = runs(line, cursor);
    match &runs[..] {
        [run] if run.look == Look::Plain && run.pen.is_default() => row.set_text_content(Some(&run.text)),
        runs => {
            row.set_text_content(None);
            runs.iter().try_for_each(|run| paint_run(row, run))?;
        }
    }
    Ok(())
}

fn paint_run(row: &HtmlElement, run: &Run) -> Result<(), JsValue> {
    if run.look == Look::Plain && run.pen.is_default() {
        return row.append_with_str_1(&run.text);
    }
    let mut classes = match run.look {
        Look::Plain => String::new(),
        Look::Fitted(width) => format!("w{width}"),
        Look::Cursor(width) => format!("w{width} cursor"),
    };
    let element: HtmlElement = add(row, "span", "")?;
    for (name, is_so) in attributes(&run.pen) {
        if is_so {
            classes.push(' ');
            classes.push_str(name);
        }
    }
    let colors = match run.pen.is_inverse() {
        false => [run.pen.foreground(), run.pen.background()],
        true => [run.pen.background(), run.pen.foreground()],
    };
    for (color, (prefix, property)) in colors.into_iter().zip([('f', "color"), ('b', "background-color")]) {
        match color {
            None => {}
            Some(Color::Indexed(index)) if index < 16 => classes.push_str(&format!(" {prefix}{index}")),
            Some(color) => element.style().set_property(property, &css(color))?,
        }
    }
    element.set_class_name(classes.trim_start());
    element.set_text_content(Some(&run.text));
    Ok(())
}

fn attributes(pen: &Pen) -> [(&'static str, bool); 7] {
    [
        ("bold", pen.is_bold()),
        ("faint", pen.is_faint()),
        ("italic", pen.is_italic()),
        ("underline", pen.is_underline()),
        ("strike", pen.is_strikethrough()),
        ("blink", pen.is_blink()),
        ("inverse", pen.is_inverse()),
    ]
}

/// A colour as CSS has it.
fn css(color: Color) -> String {
    let (red, green, blue) = match color {
        Color::RGB(rgb) => (rgb.r, rgb.g, rgb.b),
        Color::Indexed(index @ 232..) => {
            let grey = 8 + 10 * (index - 232);
            (grey, grey, grey)
        }
        Color::Indexed(index) => {
            let index = usize::from(index.saturating_sub(16));
            (STEPS[index / 36], STEPS[index / 6 % 6], STEPS[index % 6])
        }
    };
    format!("rgb({red},{green},{blue})")
}

#[cfg(test)]
mod tests {
    use avt::{Color, Rgb};
    use rstest::rstest;

    use super::css;

    #[rstest]
    #[case(Color::Indexed(16), "rgb(0,0,0)")]
    #[case(Color::Indexed(196), "rgb(255,0,0)")]
    #[case(Color::Indexed(110), "rgb(135,175,215)")]
    #[case(Color::Indexed(231), "rgb(255,255,255)")]
    #[case(Color::Indexed(232), "rgb(8,8,8)")]
    #[case(Color::Indexed(255), "rgb(238,238,238)")]
    #[case(Color::RGB(Rgb::new(1, 2, 3)), "rgb(1,2,3)")]
    fn colours_are_xterms(#[case] color: Color, #[case] expected: &str) {
        assert_eq!(css(color), expected);
    }
}
