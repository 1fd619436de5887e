//! How etcd is reached: who the server is to it, and how the connection is encrypted.

use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fs, io};

use etcd_client::{Certificate, Client, ConnectOptions, Error, Identity, TlsOptions};

use crate::queue::settings::Settings;

/// Why etcd cannot be reached as it was said.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// A file that cannot be read.
    #[error("could not read {}: {error}; it must be a PEM file", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// What should be a name and a password is not.
    #[error("--etcd-user must be NAME:PASSWORD")]
    User,
}

/// How etcd is reached.
#[derive(Clone)]
pub(super) struct Access {
    user: Option<(String, String)>,
    tls: Option<TlsOptions>,
}

impl Access {
    /// # Errors
    /// When a file cannot be read.
    pub(super) fn load(settings: &Settings) -> Result<Self, AccessError> {
        let user = settings.etcd_user.as_deref().map(|user| user.split_once(':').ok_or(AccessError::User));
        let user = user.transpose()?.map(|(name, password)| (name.to_owned(), password.to_owned()));
        let own = settings.etcd_cert.as_deref().zip(settings.etcd_key.as_deref());
        let tls = settings.etcd_ca.as_deref().map(|ca| tls(ca, own)).transpose()?;
        Ok(Self { user, tls })
    }

    /// Connects to a member of the cluster; what that takes longer than `limit` fails.
    pub(super) async fn connect(&self, endpoint: &str, limit: Duration) -> Result<Client, Error> {
        // Without a leader nothing that is asked can be answered: that is said at once.
        let mut options = ConnectOptions::new()
            .with_connect_timeout(limit)
            .with_keep_alive(limit, limit)
            .with_keep_alive_while_idle(true)
            .with_require_leader(true);
        if let Some((name, password)) = &self.user {
            options = options.with_user(name, password).with_auto_token_refresh(true);
        }
        if let Some(tls) = &self.tls {
            options = options.with_tls(tls.clone());
        }
        Client::connect([endpoint], Some(options)).await
    }
}

fn tls(ca: &Path, own: Option<(&Path, &Path)>) -> Result<TlsOptions, AccessError> {
    let read =
        |path: &Path| fs::read(path).map_err(|error| AccessError::File { path: path.to_owned(), error });
    let tls = TlsOptions::new().ca_certificate(Certificate::from_pem(read(ca)?));
    Ok(match own {
        Some((certificate, key)) => tls.identity(Identity::from_pem(read(certificate)?, read(key)?)),
        None => tls,
    })
}
