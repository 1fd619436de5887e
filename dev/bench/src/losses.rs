//! Transcripts that are not complete: figures of a server that skips part of its work are void.

use std::fmt;

use anyhow::{Result, ensure};

use crate::subject::Subject;
use crate::transcript::Count;

/// A transcript that is not as it must be.
#[derive(Clone, Debug)]
struct Loss {
    subject: Subject,
    /// What was measured.
    during: String,
    count: Count,
}

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct Losses(Vec<Loss>);

impl Losses {
    /// Notes a transcript if it is not complete.
    pub(crate) fn check(&mut self, subject: Subject, during: &str, count: Count) {
        if !count.is_complete() {
            self.0.push(Loss { subject, during: during.to_owned(), count });
        }
    }

    /// Says each of them.
    ///
    /// # Errors
    /// When one is of the server that is measured; its baseline is compared with as it is.
    pub(crate) fn judge(&self) -> Result<()> {
        for loss in &self.0 {
            eprintln!("» Transcrição incompleta: {loss}");
        }
        let own = self.0.iter().filter(|loss| matches!(loss.subject, Subject::Vez(_)));
        let missing: u64 = own.clone().map(|loss| loss.count.difference()).sum();
        let count = own.count();
        ensure!(count == 0, "em {count} medidas a transcrição não é completa: diferença de {missing} linhas");
        Ok(())
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}: {}", self.subject, self.during, self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::subject::Vez;

    const COMPLETE: Count = Count { answered: 5, lines: 5, losses: 0 };
    const INCOMPLETE: Count = Count { answered: 5, lines: 3, losses: 1 };

    #[test]
    fn a_complete_transcript_is_no_loss() {
        let mut losses = Losses::default();
        losses.check(Subject::Vez(Vez::Tcp), "sessions", COMPLETE);
        losses.judge().unwrap();
    }

    #[test]
    fn a_loss_fails_and_says_by_how_many() {
        let mut losses = Losses::default();
        for _ in 0..2 {
            losses.check(Subject::Vez(Vez::Tcp), "sessions", INCOMPLETE);
        }
        let error = losses.judge().unwrap_err().to_string();
        assert_eq!(error, "em 2 medidas a transcrição não é completa: diferença de 4 linhas");
        assert!(losses.0[0].to_string().starts_with("Vez, TCP, sessions: 3 linhas de 5 "));
    }

    #[test]
    fn a_baselines_loss_is_only_said() {
        let mut losses = Losses::default();
        losses.check(Subject::Baseline(Vez::Tcp), "sessions", INCOMPLETE);
        losses.judge().unwrap();
    }
}
