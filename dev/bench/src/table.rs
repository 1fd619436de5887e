//! The tables, as Markdown.

use std::fmt::Write;

use anyhow::Result;

use crate::records::{Measure, Records};
use crate::targets::{Outcome, TARGETS, Target};

/// The tables: what must be reached, how it was before, and everything.
///
/// # Errors
/// None in practice: a String grows.
pub(crate) fn markdown(records: &Records) -> Result<String> {
    let mut text = String::new();
    writeln!(text, "| measure | Vez | compared with | ratio (of the best rounds) | target | |")?;
    writeln!(text, "| --- | ---: | --- | ---: | ---: | --- |")?;
    for target in TARGETS {
        if let Some(outcome) = target.outcome(records) {
            write_target(&mut text, target, outcome)?;
        }
    }
    write_comparison(&mut text, records)?;
    writeln!(text, "\n| measure | server | median | best |\n| --- | --- | ---: | ---: |")?;
    for (measure, subject, series) in records.iter() {
        let (median, best) = (number(series.median(), measure), number(series.best(measure), measure));
        writeln!(text, "| {measure} | {subject} | {median} | {best} |")?;
    }
    Ok(text)
}

/// Vez beside its baseline, if that was measured.
fn write_comparison(text: &mut String, records: &Records) -> Result<()> {
    let compared = records.iter().filter_map(|(measure, subject, series)| {
        Some((measure, subject, series, records.get(measure, subject.baseline()?)?))
    });
    for (index, (measure, subject, new, old)) in compared.enumerate() {
        if index == 0 {
            writeln!(text, "\n| measure | Vez | baseline | ratio (of the best rounds) |")?;
            writeln!(text, "| --- | ---: | ---: | ---: |")?;
        }
        let (value, before) = (new.median(), old.median());
        // Where both are nothing, as the CPU of those who wait, nothing has changed.
        let ratio = |new: f64, old: f64| if new == old { 1.0 } else { new / old };
        let (median, best) = (ratio(value, before), ratio(new.best(measure), old.best(measure)));
        let (value, before) = (number(value, measure), number(before, measure));
        writeln!(text, "| {subject}: {measure} | {value} | {before} | {median:.2} ({best:.2}) |")?;
    }
    Ok(())
}

fn write_target(text: &mut String, target: &Target, outcome: Outcome) -> Result<()> {
    let Target { measure, subject, reference, bound } = *target;
    let value = number(outcome.value, measure);
    let compared = match (reference, outcome.reference) {
        (Some((other, _)), Some(value)) if other != measure => format!("{other}: {}", number(value, other)),
        (Some((other, subject)), Some(value)) => format!("{subject}: {}", number(value, other)),
        _ => "—".to_owned(),
    };
    let ratio = match reference {
        Some(_) => format!("{:.2} ({:.2})", outcome.ratio, outcome.best_ratio),
        None => "—".to_owned(),
    };
    let sign = if measure.more_is_better() { "≥" } else { "≤" };
    let bound = if reference.is_some() { format!("{bound} ×") } else { number(bound, measure) };
    let met = if outcome.met { "✓" } else { "✗" };
    writeln!(text, "| {subject}: {measure} | {value} | {compared} | {ratio} | {sign} {bound} | {met} |")?;
    Ok(())
}

/// A value with its unit, to three places that mean something.
pub(crate) fn number(value: f64, measure: Measure) -> String {
    let unit = measure.unit();
    let digits = match value {
        value if value >= 100.0 || value == 0.0 => 0,
        value if value >= 10.0 => 1,
        _ => 2,
    };
    format!("{value:.digits$} {unit}").trim_end().to_owned()
}
