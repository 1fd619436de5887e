//! What the user says of itself, and whom it believes, before the conversation.

use std::path::PathBuf;

use anyhow::{Context, Result};
use base64::prelude::{BASE64_STANDARD, Engine};
use tokio_tungstenite::tungstenite::http::header::AUTHORIZATION;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};

use crate::args::Args;

/// The variable that holds the password, for scripts.
const PASSWORD: &str = "VEZ_PASSWORD";

/// How the server is reached.
#[derive(Debug, Default)]
pub(crate) struct Access {
    /// Root certificates that are trusted beside the system's.
    pub(super) ca: Option<PathBuf>,
    /// What the handshake's request says beside its own.
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
}

impl Access {
    /// What the command line says; asks for the password where it does not.
    ///
    /// # Errors
    /// When there is nobody to ask.
    pub(crate) fn new(args: &Args) -> Result<Self> {
        let mut headers = args.header.clone();
        if let Some(user) = &args.user {
            let password = match std::env::var(PASSWORD) {
                Ok(password) => password,
                Err(_) => rpassword::prompt_password(format!("Senha de {user}: "))
                    .with_context(|| format!("a senha não pôde ser lida; diga-a em {PASSWORD}"))?,
            };
            headers.push((AUTHORIZATION, basic(user, &password)?));
        }
        Ok(Self { ca: args.ca.clone(), headers })
    }
}

/// Basic authentication (RFC 7617 §2).
fn basic(user: &str, password: &str) -> Result<HeaderValue> {
    let credentials = BASE64_STANDARD.encode(format!("{user}:{password}"));
    let mut value = HeaderValue::from_str(&format!("Basic {credentials}"))?;
    value.set_sensitive(true);
    Ok(value)
}
