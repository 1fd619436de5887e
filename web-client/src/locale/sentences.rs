//! Sentences with numbers in them.

use super::{Language, Text};

const DIGITS: [&str; 10] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];

/// Puts values into the `{…}` of a text.
pub(crate) fn fill(text: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(['{']) {
        let Some((name, after)) = after.split_once(['}']) else { break };
        filled.push_str(before);
        filled.extend(values.iter().find(|(key, _)| *key == name).map(|(_, value)| *value));
        rest = after;
    }
    filled.push_str(rest);
    filled
}

/// Builds sentences in one language.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sentences(
    /// The language.
    pub(crate) Language,
);

impl Sentences {
    /// A text as it stands.
    pub(crate) fn text(self, text: Text) -> &'static str {
        text.in_language(self.0)
    }

    /// A text with one value.
    pub(crate) fn with(self, text: Text, name: &str, value: &str) -> String {
        fill(self.text(text), &[(name, value)])
    }

    /// Where somebody stands in the queue.
    pub(crate) fn place(self, position: usize) -> String {
        match position {
            0 | 1 => self.text(Text::NextInLine).into(),
            _ => self.with(Text::InLine, "place", &self.ordinal(position)),
        }
    }

    /// How many are ahead.
    pub(crate) fn ahead(self, count: usize) -> String {
        match count {
            0 => String::new(),
            1 => self.text(Text::AheadOne).into(),
            _ => self.with(Text::AheadMany, "count", &digits(count as u64)),
        }
    }

    /// How long it may take, as roughly as it is known.
    pub(crate) fn estimate(self, seconds: u64) -> String {
        match seconds {
            0 => self.text(Text::AnyMoment).into(),
            1..50 => self.text(Text::UnderAMinute).into(),
            50..90 => self.text(Text::AboutAMinute).into(),
            90..7200 => self.with(Text::AboutMinutes, "count", &digits((seconds + 30) / 60)),
            _ => self.with(Text::AboutHours, "count", &digits(seconds / 3600)),
        }
    }

    fn ordinal(self, number: usize) -> String {
        let suffix = match (self.0, number % 10, number % 100) {
            (Language::Portuguese, ..) => "º",
            (Language::English, _, 11..=13) => "th",
            (Language::English, 1, _) => "st",
            (Language::English, 2, _) => "nd",
            (Language::English, 3, _) => "rd",
            (Language::English, ..) => "th",
        };
        digits(number as u64) + suffix
    }
}

/// A countdown's time: seconds alone under a minute.
pub(crate) fn time(seconds: u64) -> String {
    if seconds < 60 {
        return digits(seconds) + " s";
    }
    digits(seconds / 60) + ":" + &two_digits(seconds % 60)
}

/// A number in digits, without the standard library's formatting, which is a tenth of the program.
pub(crate) fn digits(number: u64) -> String {
    let rest = if number < 10 { String::new() } else { digits(number / 10) };
    rest + DIGITS[(number % 10) as usize]
}

/// A number in at least two digits.
pub(crate) fn two_digits(number: u64) -> String {
    String::from(if number < 10 { "0" } else { "" }) + &digits(number)
}

/// A size in bytes, in KiB where it is that large.
pub(crate) fn size(bytes: usize) -> String {
    match bytes {
        0..1024 => digits(bytes as u64) + " B",
        _ => digits(bytes as u64 / 1024) + " KiB",
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{Language, Sentences, fill, size, time};

    const PT: Sentences = Sentences(Language::Portuguese);
    const EN: Sentences = Sentences(Language::English);

    #[test]
    fn values_go_into_their_places() {
        assert_eq!(fill("a {x} b {y}", &[("y", "2"), ("x", "1")]), "a 1 b 2");
        assert_eq!(fill("{x}{x}", &[("x", "{x}")]), "{x}{x}");
        assert_eq!(fill("nada", &[("x", "1")]), "nada");
        assert_eq!(fill("{z}", &[]), "");
        assert_eq!(fill("a { b", &[]), "a { b");
    }

    #[rstest]
    #[case(1, "Você é o próximo", "You are next")]
    #[case(2, "Você é o 2º da fila", "You are 2nd in line")]
    #[case(3, "Você é o 3º da fila", "You are 3rd in line")]
    #[case(11, "Você é o 11º da fila", "You are 11th in line")]
    #[case(21, "Você é o 21º da fila", "You are 21st in line")]
    #[case(112, "Você é o 112º da fila", "You are 112th in line")]
    fn the_place_is_said_as_people_say_it(#[case] position: usize, #[case] pt: &str, #[case] en: &str) {
        assert_eq!(PT.place(position), pt);
        assert_eq!(EN.place(position), en);
    }

    #[rstest]
    #[case(0, "A qualquer momento.")]
    #[case(49, "Menos de um minuto.")]
    #[case(60, "Cerca de um minuto.")]
    #[case(90, "Cerca de 2 minutos.")]
    #[case(600, "Cerca de 10 minutos.")]
    #[case(7200, "Mais de 2 h.")]
    #[case(u64::MAX, "Mais de 5124095576030431 h.")]
    fn an_estimate_is_as_rough_as_it_is_known(#[case] seconds: u64, #[case] said: &str) {
        assert_eq!(PT.estimate(seconds), said);
    }

    #[rstest]
    #[case(0, "0 s")]
    #[case(59, "59 s")]
    #[case(60, "1:00")]
    #[case(125, "2:05")]
    fn a_countdown_shows_minutes_and_seconds(#[case] seconds: u64, #[case] shown: &str) {
        assert_eq!(time(seconds), shown);
    }

    #[test]
    fn sizes_and_counts() {
        assert_eq!(size(1023), "1023 B");
        assert_eq!(size(64 * 1024), "64 KiB");
        assert_eq!(EN.ahead(1), "One person ahead of you.");
        assert_eq!(EN.ahead(7), "7 people ahead of you.");
        assert_eq!(EN.ahead(0), "");
    }
}
