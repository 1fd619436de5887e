//! Who somebody is: a name and a password from a file, or what a trusted proxy says.

mod accounts;
mod attempts;
mod cookie;

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use axum::http::header::{AUTHORIZATION, COOKIE, HeaderName};
use axum::http::{HeaderMap, HeaderValue};
use base64::prelude::{BASE64_STANDARD, Engine};

use super::{Proxies, Settings};
pub(crate) use accounts::AccountsError;
use accounts::{Accounts, Busy, is_name};
use attempts::Attempts;
use cookie::Cookies;

/// Why nobody can be asked who they are.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// The file is not as it must be.
    #[error(transparent)]
    Accounts(#[from] AccountsError),
    /// The system has no random numbers.
    #[error("the system has no random numbers: {0}")]
    Random(#[from] getrandom::Error),
    /// Raw TCP would let everybody in.
    #[error("raw TCP cannot ask who somebody is; say --tcp off, or --tcp-anyone to let everybody in there")]
    Tcp,
    /// Anybody could write the header.
    #[error("--user-header is believed of a --trusted-proxy only; name one")]
    Proxy,
}

/// Somebody's name; clones share it. Each who waits has one or none: it is a thin pointer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct User(Arc<Box<str>>);

impl User {
    pub(super) fn new(name: &str) -> Self {
        Self(Arc::new(name.into()))
    }

    /// What can be somebody's name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        is_name(name).then(|| Self::new(name))
    }

    /// The name, as it was said.
    pub(crate) fn name(&self) -> &str {
        &self.0
    }
}

/// Why somebody has no name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stranger {
    /// It said none.
    Nameless,
    /// It said a wrong one, or a wrong password.
    Wrong,
    /// It, or its network, or somebody under its name, was wrong too often, or too many are checked.
    TooOften,
}

/// Asks who somebody is.
#[derive(Debug)]
pub(crate) struct SignIn {
    accounts: Option<(Accounts, Cookies)>,
    attempts: Attempts,
    header: Option<HeaderName>,
    proxies: Proxies,
    /// Whether cookies go over TLS only.
    secure: bool,
}

impl SignIn {
    /// `None` where nobody is asked. `tcp` is whether raw TCP is served.
    ///
    /// # Errors
    /// When a file is not as it must be, or the settings would let everybody in.
    pub(crate) fn new(settings: &Settings, tcp: bool) -> Result<Option<Self>, SignInError> {
        if settings.htpasswd.is_none() && settings.user_header.is_none() {
            return Ok(None);
        }
        if tcp && !settings.tcp_anyone {
            return Err(SignInError::Tcp);
        }
        if settings.user_header.is_some() && settings.trusted_proxy.is_empty() {
            return Err(SignInError::Proxy);
        }
        let load = |path: &PathBuf| Ok::<_, SignInError>((Accounts::load(path)?, Cookies::new()?));
        Ok(Some(Self {
            accounts: settings.htpasswd.as_ref().map(load).transpose()?,
            attempts: Attempts::default(),
            header: settings.user_header.clone(),
            proxies: Proxies::new(settings),
            secure: settings.tls_cert.is_some(),
        }))
    }

    /// Reads the file again; a broken one changes nothing.
    ///
    /// # Errors
    /// When it is broken.
    pub(crate) fn reload(&self) -> Result<(), AccountsError> {
        self.accounts.as_ref().map_or(Ok(()), |(accounts, _)| accounts.reload())
    }

    /// Whether there are names and passwords, so that a form makes sense.
    pub(crate) fn has_form(&self) -> bool {
        self.accounts.is_some()
    }

    /// Who sent a request: what a trusted proxy says, or a cookie, or a name and a password.
    pub(crate) async fn identify(&self, peer: IpAddr, headers: &HeaderMap) -> Result<User, Stranger> {
        if let Some(user) = self.said_by_proxy(peer, headers).or_else(|| self.by_cookie(headers)) {
            return Ok(user);
        }
        let Some((name, password)) = headers.get(AUTHORIZATION).and_then(basic) else {
            return Err(Stranger::Nameless);
        };
        self.check(self.proxies.client(peer, headers), &name, &password).await
    }

    /// Signs somebody in; the cookie to set.
    pub(crate) async fn sign_in(
        &self,
        peer: IpAddr,
        headers: &HeaderMap,
        name: &str,
        password: &str,
    ) -> Result<HeaderValue, Stranger> {
        self.check(self.proxies.client(peer, headers), name, password).await?;
        let Some((accounts, cookies)) = &self.accounts else { return Err(Stranger::Wrong) };
        let hash = accounts.hash(name).ok_or(Stranger::Wrong)?;
        let cookie = cookies.make(name, &hash).map_err(|_| Stranger::TooOften)?;
        HeaderValue::from_str(&cookie::set(&cookie, self.secure)).map_err(|_| Stranger::Wrong)
    }

    /// Signs somebody out; the cookie to set.
    pub(crate) fn sign_out(&self, headers: &HeaderMap) -> HeaderValue {
        if let Some((accounts, cookies)) = &self.accounts {
            our_cookies(headers).for_each(|cookie| cookies.end(cookie, |name| accounts.hash(name)));
        }
        HeaderValue::from_str(&cookie::set("", self.secure)).unwrap_or(HeaderValue::from_static(""))
    }

    fn said_by_proxy(&self, peer: IpAddr, headers: &HeaderMap) -> Option<User> {
        let header = self.header.as_ref().filter(|_| self.proxies.trusts(peer))?;
        let mut values = headers.get_all(header).iter();
        // Two are two names, of which one may be the client's own.
        let (Some(value), None) = (values.next(), values.next()) else { return None };
        let name = str::from_utf8(value.as_bytes()).ok()?;
        User::parse(name)
    }

    fn by_cookie(&self, headers: &HeaderMap) -> Option<User> {
        let (accounts, cookies) = self.accounts.as_ref()?;
        let name =
            our_cookies(headers).find_map(|cookie| cookies.read(cookie, |name| accounts.hash(name)))?;
        Some(User::new(&name))
    }

    async fn check(&self, from: IpAddr, name: &str, password: &str) -> Result<User, Stranger> {
        let Some((accounts, _)) = &self.accounts else { return Err(Stranger::Wrong) };
        if !self.attempts.may_try(from, name) {
            return Err(Stranger::TooOften);
        }
        match accounts.check(name, password).await {
            Ok(true) => {
                self.attempts.was_right(from, name);
                Ok(User::new(name))
            }
            Ok(false) => {
                self.attempts.was_wrong(from, name);
                tracing::info!(%from, "a wrong name or password");
                Err(Stranger::Wrong)
            }
            Err(Busy) => Err(Stranger::TooOften),
        }
    }
}

fn our_cookies(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    headers.get_all(COOKIE).iter().filter_map(|value| cookie::find(value.to_str().ok()?))
}

/// The name and the password of Basic authentication (RFC 7617 §2).
fn basic(value: &HeaderValue) -> Option<(String, String)> {
    let (scheme, credentials) = value.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(BASE64_STANDARD.decode(credentials.trim()).ok()?).ok()?;
    decoded.split_once(':').map(|(name, password)| (name.to_owned(), password.to_owned()))
}
