//! What keeps a polite conversation from its end.

use crate::breach::{Breach, Promise};

/// What an ending that the server may bring about says: a time limit, an unresponsive client, a full queue.
const REASONS: [&str; 3] = ["limite de", "não responde", "fila está cheia"];

/// Why a polite conversation did not get to its end.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// The server ended it and said why.
    CutOff(String),
    /// The server broke its word.
    Broken(Breach),
}

/// What it means that the server ends a polite conversation with these words.
pub(crate) fn ended(words: &str) -> Trouble {
    if REASONS.iter().any(|reason| words.contains(reason)) {
        Trouble::CutOff(words.to_owned())
    } else {
        broken(format!("a conexão terminou com {words:?}"))
    }
}

/// What it means that the connection failed.
pub(crate) fn failed(error: impl std::fmt::Display) -> Trouble {
    broken(format!("a conexão falhou: {error}"))
}

/// What it means that an answer is missing, wrong or too much.
pub(crate) fn broken(what: impl Into<String>) -> Trouble {
    Trouble::Broken(Promise::AnsweredOnce.broken(what))
}
