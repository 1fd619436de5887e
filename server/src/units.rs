//! Times, sizes and counts as people write and read them.

use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

/// A time that may be off; named so that clap takes the whole as one value.
pub type OptionalTime = Option<Duration>;

/// A count that may be off.
pub type OptionalCount = Option<usize>;

/// Longer than anything here should last, and short enough to be added to a clock.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// The shortest time between two looks at something: less would only spin.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(10);

/// Most that a keepalive may be told, so that a third and a half of it fit the kernel's 32767 s (tcp(7)).
const LONGEST_KEEPALIVE: Duration = Duration::from_secs(32767);

/// Reads a time of any length up to a year.
pub(crate) fn time(text: &str) -> Result<Duration, String> {
    time_within(text, Duration::ZERO..=LONGEST)
}

/// Reads a time after which something is looked at again and again.
pub(crate) fn interval(text: &str) -> Result<Duration, String> {
    time_within(text, SHORTEST_INTERVAL..=LONGEST)
}

/// Reads a time for which the kernel waits for a silent peer.
pub(crate) fn keepalive(text: &str) -> Result<Duration, String> {
    time_within(text, Duration::from_secs(1)..=LONGEST_KEEPALIVE)
}

/// Reads a time, or `off`.
pub(crate) fn optional_time(text: &str) -> Result<OptionalTime, String> {
    if text.eq_ignore_ascii_case("off") { Ok(None) } else { time(text).map(Some) }
}

/// Reads a count of at least one.
pub(crate) fn count(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("must be at least 1".to_owned()),
        count => count.map_err(|error| format!("{error}; write a number from 1 on")),
    }
}

/// Reads a count, or `off`.
pub(crate) fn optional_count(text: &str) -> Result<OptionalCount, String> {
    if text.eq_ignore_ascii_case("off") {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|error| format!("{error}; write a number, or off"))
}

/// Reads a size in bytes.
pub(crate) fn size(text: &str) -> Result<usize, String> {
    let bytes =
        parse_size::parse_size(text).map_err(|error| format!("{error}; write 2048, 64KiB or 32MiB"))?;
    usize::try_from(bytes).map_err(|error| error.to_string())
}

/// Reads a size within bounds, both included.
pub(crate) fn size_within(text: &str, bounds: RangeInclusive<usize>) -> Result<usize, String> {
    let bytes = size(text)?;
    let (least, most) = (bounds.start(), bounds.end());
    if bounds.contains(&bytes) { Ok(bytes) } else { Err(format!("must be from {least} to {most} bytes")) }
}

fn time_within(text: &str, bounds: RangeInclusive<Duration>) -> Result<Duration, String> {
    let time = humantime::parse_duration(text).map_err(|error| format!("{error}; write 500ms, 30s or 5m"))?;
    if bounds.contains(&time) {
        return Ok(time);
    }
    let (least, most) = (Rounded(*bounds.start()), Rounded(*bounds.end()));
    Err(format!("must be from {least} to {most}"))
}

/// A time for people: in whole seconds from the first on, below it in whole milliseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rounded(pub(crate) Duration);

impl fmt::Display for Rounded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let half = Duration::from_millis(500);
        let rounded = match self.0.checked_add(half) {
            Some(time) if self.0 >= Duration::from_secs(1) => Duration::from_secs(time.as_secs()),
            _ => Duration::from_millis(u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX)),
        };
        humantime::format_duration(rounded).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_misbehave_later_is_refused_at_once() {
        assert!(interval("0s").is_err());
        assert!(interval("10ms").is_ok());
        assert!(keepalive("18h 30m").is_err());
        assert!(keepalive("32767s").is_ok());
        assert!(time("2y").is_err());
        assert!(time("1y").is_ok());
        assert!(optional_time("584000000000y").is_err());
        assert_eq!(optional_time("OFF"), Ok(None));
    }

    #[test]
    fn times_are_rounded_for_people() {
        let shown = |time| Rounded(time).to_string();
        assert_eq!(shown(Duration::from_nanos(2_001_856_305)), "2s");
        assert_eq!(shown(Duration::from_millis(1_500)), "2s");
        assert_eq!(shown(Duration::from_micros(200_900)), "200ms");
        assert_eq!(shown(Duration::from_secs(300)), "5m");
        assert_eq!(
            shown(Duration::MAX),
            humantime::format_duration(Duration::from_millis(u64::MAX)).to_string()
        );
    }
}
