//! The conversation as a text to save.

use super::row::{fate_text, note_text, voice};
use crate::locale::{Sentences, Text, size};
use crate::state::{Delivery, Entry, KEPT, Speaker, Stream};

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

/// A stream's text, which says where its beginning is missing.
pub(super) fn of_stream(stream: &Stream, words: Sentences) -> String {
    let mut text = String::new();
    if stream.is_cut() {
        text.push_str(&words.with(Text::StreamCut, "limit", &size(KEPT)));
        text.push('\n');
    }
    text + &stream.kept()
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
    use super::{of_stream, transcript};
    use crate::locale::{Language, Sentences};
    use crate::state::{Delivery, Entry, KEPT, Note, Speaker, Stream};

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

    #[test]
    fn a_stream_is_saved_as_it_is_and_says_where_it_is_cut() {
        let words = Sentences(Language::English);
        let mut stream = Stream::new();
        stream.push(b"tudo\r\n", 0);
        assert_eq!(of_stream(&stream, words), "tudo\n");
        stream.push(&vec![b'x'; KEPT], 0);
        let text = of_stream(&stream, words);
        assert!(text.starts_with("[The beginning is left out: the last 4096 KiB fit.]\nxxx"));
    }
}
