//! What a client tells of its conversation, against what the transcript tells.

use std::time::Instant;

use super::history::History;
use crate::breach::{Breach, Promise};
use crate::digest::Digest;
use crate::observation::{Account, Milestone};
use crate::plan::Transport;
use crate::trouble::Trouble;

/// A client said `said`, was answered so often and had this trouble; the transcript tells of `told`.
fn compare(said: &[&str], answered: usize, trouble: Option<Trouble>, told: &[&str]) -> Result<(), Breach> {
    let (now, address) = (Instant::now(), ([127, 0, 0, 1], 1).into());
    let mut history = History::default();
    history.client(1, Milestone::Registered { address, transport: Transport::Tcp, polite: true }, now)?;
    let number = history.begin(address)?;
    told.iter().for_each(|text| history.message(number, Digest::of(text)));
    history.end(number)?;
    let said = said.iter().map(|text| Digest::of(text)).collect();
    history.client(1, Milestone::Finished(Account { said, answered, trouble, ..Account::default() }), now)
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
    history
        .client(1, Milestone::Registered { address, transport: Transport::Tcp, polite: true }, now)
        .unwrap();
    let account = Account { said: vec![Digest::of("a")], answered: 1, ..Account::default() };
    history.client(1, Milestone::Finished(account), now).unwrap();
    assert_eq!(history.check_told().unwrap_err().promise, Promise::Alive);
}

/// A client that is not polite was answered so often to `a`; the transcript tells of `messages`.
fn compare_rude(answered: usize, messages: &[&str]) -> Result<(), Breach> {
    let (now, address) = (Instant::now(), ([127, 0, 0, 1], 1).into());
    let mut history = History::default();
    history.client(1, Milestone::Registered { address, transport: Transport::Tcp, polite: false }, now)?;
    let number = history.begin(address)?;
    messages.iter().for_each(|text| history.message(number, Digest::of(text)));
    history.client(1, Milestone::Answered(Digest::of("a"), answered), now)?;
    history.client(1, Milestone::Departed, now)?;
    history.end(number)
}

#[test]
fn every_answer_has_its_line_whoever_got_it() {
    assert_eq!(compare_rude(0, &[]), Ok(()));
    assert_eq!(compare_rude(2, &["a", "a"]), Ok(()));
    assert_eq!(compare_rude(2, &["a", "a", "a", "b"]), Ok(()));
    for messages in [&["a"][..], &["a", "b"], &[]] {
        assert_eq!(compare_rude(2, messages).unwrap_err().promise, Promise::AnsweredOnce, "{messages:?}");
    }
}

#[test]
fn an_answer_without_a_session_is_seen() {
    let mut history = History::default();
    let (now, address) = (Instant::now(), ([127, 0, 0, 1], 1).into());
    history
        .client(1, Milestone::Registered { address, transport: Transport::Tcp, polite: false }, now)
        .unwrap();
    history.client(1, Milestone::Answered(Digest::of("a"), 1), now).unwrap();
    history.client(1, Milestone::Departed, now).unwrap();
    assert_eq!(history.check_told().unwrap_err().promise, Promise::Alive);
}
