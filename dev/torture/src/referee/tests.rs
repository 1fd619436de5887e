//! What a client tells of its conversation, against what the transcript tells.

use std::time::Instant;

use super::history::History;
use super::{Breach, Promise};
use crate::plan::Transport;
use crate::sighting::{Account, Stage, Trouble};
use crate::transcript::Digest;

/// A client said `said`, was answered so often and had this trouble; the transcript tells of `told`.
fn compare(said: &[&str], answered: usize, trouble: Option<Trouble>, told: &[&str]) -> Result<(), Breach> {
    let (now, address) = (Instant::now(), ([127, 0, 0, 1], 1).into());
    let mut history = History::default();
    history.client(1, Stage::Registered { address, transport: Transport::Tcp, polite: true }, now)?;
    let number = history.begin(address, now)?;
    told.iter().for_each(|text| history.message(number, Digest::of(text)));
    history.end(number, now)?;
    let said = said.iter().map(|text| Digest::of(text)).collect();
    history.client(1, Stage::Finished(Account { said, answered, held: None, trouble }), now)
}

#[test]
fn the_transcript_tells_what_was_said() {
    assert_eq!(compare(&["a", "b"], 2, None, &["a", "b"]), Ok(()));
    for told in [&["a"][..], &["b", "a"], &["a", "b", "b"], &["a", "c"]] {
        assert_eq!(
            compare(&["a", "b"], 2, None, told).unwrap_err().promise,
            Promise::AnsweredOnce,
            "{told:?}"
        );
    }
}

#[test]
fn of_a_conversation_that_a_limit_ended_it_may_tell_less_than_was_said() {
    let limit = || Some(Trouble::CutOff("limite de 1s".to_owned()));
    assert_eq!(compare(&["a", "b"], 1, limit(), &["a", "b"]), Ok(()));
    assert_eq!(compare(&["a", "b"], 1, limit(), &["a"]), Ok(()));
    assert!(compare(&["a", "b"], 1, limit(), &[]).is_err());
    assert!(compare(&["a", "b"], 1, limit(), &["b"]).is_err());
}

#[test]
fn what_a_client_saw_broken_is_broken() {
    let trouble = Some(Trouble::Broken(Promise::MoveUp.broken("o lugar 3 veio depois de 2")));
    assert_eq!(compare(&["a"], 0, trouble, &["a"]).unwrap_err().promise, Promise::MoveUp);
}

#[test]
fn a_conversation_that_the_transcript_does_not_tell_of_is_seen() {
    let mut history = History::default();
    let (now, address) = (Instant::now(), ([127, 0, 0, 1], 1).into());
    history.client(1, Stage::Registered { address, transport: Transport::Tcp, polite: true }, now).unwrap();
    let account = Account { said: vec![Digest::of("a")], answered: 1, held: None, trouble: None };
    history.client(1, Stage::Finished(account), now).unwrap();
    assert_eq!(history.check_told().unwrap_err().promise, Promise::Alive);
}
