//! Names and the hashes of their passwords, from a file as `htpasswd -B` writes it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, PoisonError, RwLock};
use std::{fs, io, thread};

use bcrypt::HashParts;
use tokio::sync::oneshot;

use crate::platform::give_way;

/// Most bytes of a name: it is shown in lists.
pub(super) const NAME: usize = 64;

/// How many passwords wait to be checked.
const WAITING: usize = 32;

/// Why a file has no names and passwords.
#[derive(Debug, thiserror::Error)]
pub enum AccountsError {
    /// It cannot be read.
    #[error("could not read {}: {error}; `htpasswd -B -c FILE NAME` makes such a file", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A line is none.
    #[error("{}, line {number}: {reason}; write each with `htpasswd -B`", path.display())]
    Line {
        /// Of which file.
        path: PathBuf,
        /// From 1.
        number: usize,
        /// What is wrong.
        reason: &'static str,
    },
    /// There is no thread that checks passwords.
    #[error("could not start a thread: {0}")]
    Thread(io::Error),
}

/// Who may come in, by name.
#[derive(Debug)]
pub(super) struct Accounts {
    path: PathBuf,
    hashes: RwLock<Arc<Hashes>>,
    /// To the thread that checks one password after the other, as each takes a CPU for some tenths of a second.
    checks: SyncSender<Check>,
}

/// A password that is to be compared.
struct Check {
    password: String,
    hash: String,
    tell: oneshot::Sender<bool>,
}

#[derive(Debug)]
struct Hashes {
    by_name: HashMap<String, String>,
    /// Takes as long to check as the others, and is nobody's.
    nobody: String,
}

/// Why a password was not checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Busy;

impl Accounts {
    /// # Errors
    /// When the file cannot be read, or a line is broken.
    pub(super) fn load(path: &Path) -> Result<Self, AccountsError> {
        let hashes = RwLock::new(Arc::new(read(path)?));
        let (checks, received) = sync_channel(WAITING);
        let thread = thread::Builder::new().name("passwords".into());
        thread.spawn(|| check_all(received)).map_err(AccountsError::Thread)?;
        Ok(Self { path: path.to_owned(), hashes, checks })
    }

    /// Reads the file again; a broken one changes nothing.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub(super) fn reload(&self) -> Result<(), AccountsError> {
        let hashes = Arc::new(read(&self.path)?);
        *self.hashes.write().unwrap_or_else(PoisonError::into_inner) = hashes;
        Ok(())
    }

    /// The hash of a name's password, which changes with it.
    pub(super) fn hash(&self, name: &str) -> Option<String> {
        self.hashes().by_name.get(name).cloned()
    }

    /// Whether the password is the name's; a name that nobody has takes as long.
    ///
    /// # Errors
    /// When too many wait to be checked.
    pub(super) async fn check(&self, name: &str, password: &str) -> Result<bool, Busy> {
        let hashes = self.hashes();
        let known = hashes.by_name.get(name);
        let (hash, known) = (known.unwrap_or(&hashes.nobody).clone(), known.is_some());
        let (tell, told) = oneshot::channel();
        let check = Check { password: password.to_owned(), hash, tell };
        self.checks.try_send(check).map_err(|_| Busy)?;
        Ok(told.await.unwrap_or(false) && known)
    }

    fn hashes(&self) -> Arc<Hashes> {
        Arc::clone(&self.hashes.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Checks passwords until there is nobody to tell.
fn check_all(checks: Receiver<Check>) {
    give_way();
    for Check { password, hash, tell } in checks {
        // Whoever has gone meanwhile need not be told.
        if !tell.is_closed() {
            let _ = tell.send(bcrypt::verify(password, &hash).unwrap_or(false));
        }
    }
}

fn read(path: &Path) -> Result<Hashes, AccountsError> {
    let text = fs::read_to_string(path);
    let text = text.map_err(|error| AccountsError::Read { path: path.to_owned(), error })?;
    parse(&text).map_err(|(number, reason)| AccountsError::Line { path: path.to_owned(), number, reason })
}

/// Reads the lines; the error is the number of the first that is broken, and why.
fn parse(text: &str) -> Result<Hashes, (usize, &'static str)> {
    let mut by_name = HashMap::new();
    let mut cost = bcrypt::DEFAULT_COST;
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim_end();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (name, hash) = line.split_once(':').ok_or((number, "it has no colon"))?;
        if !is_name(name) {
            return Err((number, "its name is empty, too long, or has characters that cannot be seen"));
        }
        let parts: HashParts =
            hash.parse().map_err(|_| (number, "its password is not hashed with bcrypt"))?;
        cost = parts.get_cost();
        if by_name.insert(name.to_owned(), hash.to_owned()).is_some() {
            return Err((number, "the name was there already"));
        }
    }
    let nobody = bcrypt::hash("", cost).map_err(|_| (1, "its cost cannot be had"))?;
    Ok(Hashes { by_name, nobody })
}

/// Whether it can be somebody's name, here or at a proxy.
pub(super) fn is_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= NAME && name.trim() == name && !name.contains(|c: char| c.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(name: &str) -> String {
        format!("{name}:{}\n", bcrypt::hash("segredo", 4).unwrap())
    }

    #[test]
    fn lines_are_read_as_htpasswd_writes_them() {
        let text = format!("# quem entra\n\n{}{}", line("maria"), line("joão").replace("$2b$", "$2y$"));
        let hashes = parse(&text).unwrap();
        assert_eq!(hashes.by_name.len(), 2);
        assert!(bcrypt::verify("segredo", &hashes.by_name["joão"]).unwrap());
        assert!(hashes.nobody.starts_with("$2b$04$"), "nobody costs as much as the others");
    }

    #[test]
    fn a_broken_line_is_refused_with_its_number() {
        let broken = |text: &str| parse(&(line("maria") + text)).unwrap_err().0;
        assert_eq!(broken("joão"), 2);
        assert_eq!(broken("joão:segredo"), 2);
        assert_eq!(broken("joão:$apr1$abc$abcdefghijklmnopqrstuv"), 2);
        assert_eq!(broken(&line("")), 2);
        assert_eq!(broken(&line("a\tb")), 2);
        assert_eq!(broken(&line(&"x".repeat(NAME + 1))), 2);
        assert_eq!(broken(&line("maria")), 2);
    }

    #[tokio::test]
    async fn a_password_is_its_names_alone_and_nobody_has_the_empty_one() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), line("maria")).unwrap();
        let accounts = Accounts::load(file.path()).unwrap();
        assert_eq!(accounts.check("maria", "segredo").await, Ok(true));
        assert_eq!(accounts.check("maria", "Segredo").await, Ok(false));
        assert_eq!(accounts.check("joão", "segredo").await, Ok(false));
        assert_eq!(accounts.check("joão", "").await, Ok(false));
        fs::write(file.path(), line("joão")).unwrap();
        accounts.reload().unwrap();
        assert_eq!(accounts.check("joão", "segredo").await, Ok(true));
        fs::write(file.path(), "joão").unwrap();
        assert!(accounts.reload().is_err());
        assert_eq!(accounts.check("joão", "segredo").await, Ok(true));
    }
}
