//! The cookie of somebody who is signed in: a name, an end and a number of its own, signed.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// What the cookie is called.
pub(super) const COOKIE: &str = "vez_conta";

/// How long somebody is signed in.
const LASTS: Duration = Duration::from_secs(12 * 60 * 60);

/// Most cookies that ended before their time and are remembered: beyond that the oldest of them would come in again, so that
/// all cookies end.
const ENDED: usize = 10_000;

/// Makes and reads cookies.
#[derive(Debug)]
pub(super) struct Cookies {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    key: [u8; 32],
    /// Those that ended before their time, with the time when they would have.
    ended: BTreeMap<u64, u64>,
}

/// What a cookie says.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Content {
    name: String,
    /// Seconds since 1970.
    until: u64,
    number: u64,
}

impl Cookies {
    /// # Errors
    /// When the system has no random numbers.
    pub(super) fn new() -> Result<Self, getrandom::Error> {
        let mut key = [0; 32];
        getrandom::fill(&mut key)?;
        Ok(Self { state: Mutex::new(State { key, ended: BTreeMap::new() }) })
    }

    /// A cookie for a name, which is good for as long as the `hash` of its password is the same.
    ///
    /// # Errors
    /// When the system has no random numbers.
    pub(super) fn make(&self, name: &str, hash: &str) -> Result<String, getrandom::Error> {
        let number = getrandom::u64()?;
        let content = Content { name: name.to_owned(), until: now() + LASTS.as_secs(), number };
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(format!("{}.{}", content.encode(), BASE64_URL_SAFE_NO_PAD.encode(state.sign(&content, hash))))
    }

    /// The name in a cookie, if it is one of ours, has not ended, and its name's password, whose hash `hash` tells, is the
    /// same.
    pub(super) fn read(&self, cookie: &str, hash: impl Fn(&str) -> Option<String>) -> Option<String> {
        let content = self.check(cookie, hash)?;
        Some(content.name)
    }

    /// Ends a cookie before its time, if it is one.
    pub(super) fn end(&self, cookie: &str, hash: impl Fn(&str) -> Option<String>) {
        let Some(content) = self.check(cookie, hash) else { return };
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = now();
        state.ended.retain(|_, until| *until > now);
        if state.ended.len() >= ENDED && getrandom::fill(&mut state.key).is_ok() {
            state.ended.clear();
        }
        state.ended.insert(content.number, content.until);
    }

    fn check(&self, cookie: &str, hash: impl Fn(&str) -> Option<String>) -> Option<Content> {
        let (encoded, signature) = cookie.rsplit_once('.')?;
        let content = Content::decode(encoded)?;
        let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).ok()?;
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        // In constant time.
        state.mac(&content, &hash(&content.name)?).verify_slice(&signature).ok()?;
        let ended = content.until <= now() || state.ended.contains_key(&content.number);
        (!ended).then_some(content)
    }
}

impl State {
    fn mac(&self, content: &Content, hash: &str) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("a key may have any length");
        mac.update(content.encode().as_bytes());
        mac.update(b".");
        mac.update(hash.as_bytes());
        mac
    }

    fn sign(&self, content: &Content, hash: &str) -> impl AsRef<[u8]> {
        self.mac(content, hash).finalize().into_bytes()
    }
}

impl Content {
    fn encode(&self) -> String {
        let name = BASE64_URL_SAFE_NO_PAD.encode(&self.name);
        format!("{name}.{:x}.{:016x}", self.until, self.number)
    }

    fn decode(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let (name, until, number) = (parts.next()?, parts.next()?, parts.next()?);
        let content = Self {
            name: String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(name).ok()?).ok()?,
            until: u64::from_str_radix(until, 16).ok()?,
            number: u64::from_str_radix(number, 16).ok()?,
        };
        // There is one way to write it.
        (content.encode() == text).then_some(content)
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// The value of our cookie among those that a request has (RFC 6265 §4.2.1).
pub(super) fn find(header: &str) -> Option<&str> {
    header
        .split(';')
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(name, value)| (name == COOKIE).then_some(value))
}

/// The header that sets our cookie, or ends it when its value is empty.
pub(super) fn set(value: &str, secure: bool) -> String {
    let lasts = if value.is_empty() { 0 } else { LASTS.as_secs() };
    let secure = if secure { "; Secure" } else { "" };
    format!("{COOKIE}={value}; Path=/; Max-Age={lasts}; HttpOnly; SameSite=Strict{secure}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(name: &str) -> Option<String> {
        (name == "maria").then(|| "$2b$…".to_owned())
    }

    #[test]
    fn a_cookie_names_who_it_was_made_for_until_it_ends() {
        let cookies = Cookies::new().unwrap();
        let cookie = cookies.make("maria", "$2b$…").unwrap();
        assert_eq!(cookies.read(&cookie, hash).as_deref(), Some("maria"));
        let other = cookies.make("maria", "$2b$…").unwrap();
        cookies.end(&cookie, hash);
        assert_eq!(cookies.read(&cookie, hash), None);
        assert_eq!(cookies.read(&other, hash).as_deref(), Some("maria"), "another one goes on");
    }

    #[test]
    fn whatever_is_changed_is_no_cookie() {
        let cookies = Cookies::new().unwrap();
        let cookie = cookies.make("maria", "$2b$…").unwrap();
        for position in 0..cookie.len() {
            let mut bytes = cookie.clone().into_bytes();
            bytes[position] ^= 1;
            let changed = String::from_utf8(bytes).unwrap();
            assert_eq!(cookies.read(&changed, hash), None, "{changed}");
        }
        for garbage in ["", ".", "...", "a.b.c.d", "bWFyaWE.ffffffff.0000000000000000."] {
            assert_eq!(cookies.read(garbage, hash), None);
        }
        assert_eq!(cookies.read(&cookie, |_| Some("other".into())), None, "the password is another");
        assert_eq!(cookies.read(&cookie, |_| None), None, "the name is gone");
        assert_eq!(Cookies::new().unwrap().read(&cookie, hash), None, "another server's");
    }

    #[test]
    fn an_old_cookie_has_ended() {
        let cookies = Cookies::new().unwrap();
        let content = Content { name: "maria".into(), until: now(), number: 7 };
        let signature = BASE64_URL_SAFE_NO_PAD.encode(cookies.state.lock().unwrap().sign(&content, "$2b$…"));
        assert_eq!(cookies.read(&format!("{}.{signature}", content.encode()), hash), None);
    }

    #[test]
    fn so_many_that_ended_end_all() {
        let cookies = Cookies::new().unwrap();
        let first = cookies.make("maria", "$2b$…").unwrap();
        cookies.end(&first, hash);
        for _ in 0..ENDED {
            cookies.end(&cookies.make("maria", "$2b$…").unwrap(), hash);
        }
        assert!(cookies.state.lock().unwrap().ended.len() < ENDED);
        assert_eq!(cookies.read(&first, hash), None);
    }

    #[test]
    fn our_cookie_is_found_among_others() {
        assert_eq!(find("a=b; vez_conta=x.y; c=d"), Some("x.y"));
        assert_eq!(find("vez_contas=x; x"), None);
        assert!(set("x", true).ends_with("HttpOnly; SameSite=Strict; Secure"));
        assert!(set("", false).contains("Max-Age=0;"));
    }
}
