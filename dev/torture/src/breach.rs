//! Broken promises.

use std::fmt;

/// What the server promises: the six of the queue, and what goes without saying.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Promise {
    /// 1: at most one session at any time.
    OneAtATime,
    /// 2: first come, first served.
    FirstCome,
    /// 3: however a session ends, the turn is free at once.
    FreeAtOnce,
    /// 4: who leaves frees its place, and those behind move up.
    MoveUp,
    /// 5: a message is answered once and in order, or its connection ends with a reason.
    AnsweredOnce,
    /// 6: waiting costs little, bounded memory, and nothing stays when it is over.
    Bounded,
    /// The server runs until it is told to end, ends well, and tells the truth about sessions.
    Alive,
}

/// A broken promise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Breach {
    pub(crate) promise: Promise,
    /// What was seen.
    pub(crate) what: String,
}

impl Promise {
    /// The promise is broken, as seen in `what`.
    pub(crate) fn broken(self, what: impl Into<String>) -> Breach {
        Breach { promise: self, what: what.into() }
    }
}

impl fmt::Display for Promise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OneAtATime => "1, uma sessão de cada vez",
            Self::FirstCome => "2, na ordem de chegada",
            Self::FreeAtOnce => "3, a vez fica livre na hora",
            Self::MoveUp => "4, quem sai libera o lugar",
            Self::AnsweredOnce => "5, cada mensagem respondida uma vez e em ordem",
            Self::Bounded => "6, esperar custa pouco e nada sobra",
            Self::Alive => "o servidor vive e diz a verdade",
        })
    }
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Promessa quebrada ({}): {}", self.promise, self.what)
    }
}
