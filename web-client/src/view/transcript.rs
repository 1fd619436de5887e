//! The conversation as a text to save.

use super::row::{fate_text, note_text, voice};
use crate::locale::Sentences;
use crate::state::{Delivery, Entry, Speaker};

/// One line for each entry, and more for a text with line breaks, which are set in.
pub(super) fn transcript(entries: &[Entry], words: Sentences, time: impl Fn(u64) -> String) -> String {
    let mut text = String::new();
    for entry in entries {
        text.push_str(&time(entry.millis));
        text.push(' ');
        match (entry.speaker, voice(entry.speaker, words).1) {
            (Speaker::Page(note), _) => {
                text.push_str("— ");
                text.push_str(words.text(note_text(note)));
            }
            (speaker, who) => {
                text.push_str(who.unwrap_or_default());
                text.push_str(&fate(speaker, words));
                text.push_str(": ");
                text.push_str(&entry.text.replace(['\n'], "\n      "));
            }
        }
        text.push('\n');
    }
    text
}

/// What became of a message, where it was not simply answered.
fn fate(speaker: Speaker, words: Sentences) -> String {
    match speaker {
        Speaker::Me(delivery) if delivery != Delivery::Answered => {
            String::from(" (") + words.text(fate_text(delivery).1) + ")"
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::transcript;
    use crate::locale::{Language, Sentences};
    use crate::state::{Delivery, Entry, Note, Speaker};

    #[test]
    fn everything_is_in_it() {
        let entries = [
            (Speaker::Page(Note::Began), ""),
            (Speaker::Me(Delivery::Answered), "olá\nmundo"),
            (Speaker::Server, "Servidor recebeu: 'olá'"),
            (Speaker::Me(Delivery::Unanswered), "e agora?"),
            (Speaker::Page(Note::Lost), ""),
        ];
        let entries = entries.map(|(speaker, text)| Entry { speaker, millis: 0, text: text.into() });
        let text = transcript(&entries, Sentences(Language::Portuguese), |_| "14:05".into());
        let expected = "14:05 — A sua vez começou\n14:05 Você: olá\n      mundo\n\
            14:05 Servidor: Servidor recebeu: 'olá'\n14:05 Você (sem resposta): e agora?\n\
            14:05 — A conexão caiu\n";
        assert_eq!(text, expected);
    }
}
