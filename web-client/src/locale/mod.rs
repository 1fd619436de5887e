//! The page's words, in Portuguese and English, and how numbers go into them.
//!
//! What the server says on the wire stays as it is.

mod sentences;
mod table;

pub(crate) use sentences::{Sentences, digits, fill, size, time, two_digits};
pub(crate) use table::Text;

/// A language of the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Language {
    /// Portuguese, also for whoever prefers neither.
    #[default]
    Portuguese,
    /// English.
    English,
}

impl Language {
    /// The first of the preferred languages that the page speaks.
    ///
    /// `tags` are language tags (BCP 47), best first.
    pub(crate) fn preferred(tags: impl IntoIterator<Item: AsRef<str>>) -> Self {
        tags.into_iter().find_map(|tag| Self::from_tag(tag.as_ref())).unwrap_or_default()
    }

    /// The language that a tag (BCP 47) names, if the page speaks it.
    pub(crate) fn from_tag(tag: &str) -> Option<Self> {
        [Self::Portuguese, Self::English].into_iter().find(|language| {
            let primary = language.primary();
            let named = tag.get(..primary.len()).is_some_and(|start| start.eq_ignore_ascii_case(primary));
            named && matches!(tag.as_bytes().get(primary.len()), None | Some(b'-'))
        })
    }

    /// The tag for the page's `lang`.
    pub(crate) fn tag(self) -> &'static str {
        match self {
            Self::Portuguese => "pt-BR",
            Self::English => "en",
        }
    }

    /// The other one.
    pub(crate) fn other(self) -> Self {
        match self {
            Self::Portuguese => Self::English,
            Self::English => Self::Portuguese,
        }
    }

    fn primary(self) -> &'static str {
        match self {
            Self::Portuguese => "pt",
            Self::English => "en",
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::Language::{self, English, Portuguese};

    #[rstest]
    #[case(&["pt-BR"], Portuguese)]
    #[case(&["PT"], Portuguese)]
    #[case(&["en-GB", "pt"], English)]
    #[case(&["fr", "en"], English)]
    #[case(&["fr", "de-CH"], Portuguese)]
    #[case(&["eng", "ptx"], Portuguese)]
    #[case(&[], Portuguese)]
    #[case(&["", "-", "en-"], English)]
    fn the_first_language_that_the_page_speaks_is_taken(#[case] tags: &[&str], #[case] language: Language) {
        assert_eq!(Language::preferred(tags), language);
    }

    #[test]
    fn each_language_knows_its_tag_and_the_other() {
        for language in [Portuguese, English] {
            assert_eq!(Language::from_tag(language.tag()), Some(language));
            assert_ne!(language.other(), language);
            assert_eq!(language.other().other(), language);
        }
    }
}
