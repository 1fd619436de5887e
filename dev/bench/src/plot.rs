//! The plots.

use std::path::Path;

use anyhow::{Result, anyhow};
use plotters::prelude::*;

use crate::records::{Measure, Records};
use crate::table;

/// The measures that are drawn, each with its file.
const PLOTS: [(&str, Measure); 7] = [
    ("round-trip", Measure::RoundTripP50),
    ("cpu-per-message", Measure::CpuPerMessage),
    ("pipelined", Measure::Pipelined(32)),
    ("pipelined-16k", Measure::Pipelined(16 * 1024)),
    ("sessions", Measure::Sessions),
    ("gap", Measure::Gap),
    ("waiting-memory", Measure::WaitingMemory(10_000)),
];

/// Width of a plot, in pixels.
const WIDTH: u32 = 720;
/// Room at the left for the names.
const NAMES: i32 = 220;
/// Room at the right for the numbers.
const NUMBERS: i32 = 80;
/// Height of a bar with the room around it.
const BAR: i32 = 28;
/// Height of the title.
const TITLE: i32 = 40;

/// Colour of Vez's bars.
const OURS: RGBColor = RGBColor(0x0f, 0x76, 0x6e);
/// Colour of the other bars.
const OTHERS: RGBColor = RGBColor(0xa8, 0xb0, 0xb8);

/// Draws every measure that was taken into `folder`.
///
/// # Errors
/// When a file cannot be written.
pub(crate) fn draw(records: &Records, folder: &Path) -> Result<()> {
    for (name, measure) in PLOTS {
        let bars: Vec<Bar> = bars(records, measure);
        if !bars.is_empty() {
            draw_bars(&folder.join(name).with_extension("svg"), measure, &bars)?;
        }
    }
    Ok(())
}

struct Bar {
    name: String,
    value: f64,
    ours: bool,
}

fn bars(records: &Records, measure: Measure) -> Vec<Bar> {
    let measured = records.iter().filter(|(other, ..)| *other == measure);
    let bars = measured.map(|(_, subject, series)| {
        let name = subject.to_string();
        Bar { ours: name.starts_with("Vez"), name, value: series.median() }
    });
    bars.collect()
}

fn draw_bars(file: &Path, measure: Measure, bars: &[Bar]) -> Result<()> {
    let height = TITLE + BAR * bars.len() as i32;
    let area = SVGBackend::new(file, (WIDTH, height as u32)).into_drawing_area();
    let failed = |error: &dyn std::fmt::Display| anyhow!("{}: {error}", file.display());
    area.fill(&WHITE).map_err(|error| failed(&error))?;
    let font = |size: i32| ("sans-serif", size).into_font().color(&BLACK);
    let better = if measure.more_is_better() { "more is better" } else { "less is better" };
    let title = format!("{measure} ({better})");
    area.draw(&Text::new(title, (10, 10), font(16))).map_err(|error| failed(&error))?;
    let most = bars.iter().map(|bar| bar.value).fold(f64::MIN_POSITIVE, f64::max);
    for (top, bar) in (TITLE..).step_by(BAR as usize).zip(bars) {
        let room = f64::from(WIDTH as i32 - NAMES - NUMBERS);
        let end = NAMES + (room * bar.value / most) as i32;
        let colour = if bar.ours { OURS } else { OTHERS };
        let shape = Rectangle::new([(NAMES, top), (end, top + BAR - 8)], colour.filled());
        area.draw(&shape).map_err(|error| failed(&error))?;
        let name = Text::new(bar.name.as_str(), (10, top + 3), font(13));
        area.draw(&name).map_err(|error| failed(&error))?;
        let value = Text::new(table::number(bar.value, measure), (end + 6, top + 3), font(13));
        area.draw(&value).map_err(|error| failed(&error))?;
    }
    area.present().map_err(|error| failed(&error))
}
