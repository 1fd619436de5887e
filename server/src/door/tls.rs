//! TLS for the HTTP port, from files that can be read again while the server runs.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use rustls::ServerConfig;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

/// The certificate chain and the key, and what they were when they were last whole.
#[derive(Debug)]
pub(crate) struct Tls {
    certificate: PathBuf,
    key: PathBuf,
    config: RwLock<Arc<ServerConfig>>,
}

/// Files that make no TLS server.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file that cannot be read, or holds no such thing.
    #[error("não foi possível ler {path}: {error}; esperava {expected} em PEM")]
    File {
        /// The file.
        path: PathBuf,
        /// What it should hold.
        expected: &'static str,
        /// What is wrong.
        error: pem::Error,
    },
    /// A chain and a key that do not go together, or are not understood.
    #[error("o certificado {certificate} e a chave {key} não servem: {error}")]
    Pair {
        /// The chain's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// What is wrong.
        error: rustls::Error,
    },
}

impl Tls {
    pub(crate) fn load(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let config = read(certificate, key)?;
        Ok(Self { certificate: certificate.to_owned(), key: key.to_owned(), config: RwLock::new(config) })
    }

    /// Reads the files again; on an error the old ones stay.
    pub(crate) fn reload(&self) -> Result<(), TlsError> {
        let config = read(&self.certificate, &self.key)?;
        *self.config.write().unwrap_or_else(PoisonError::into_inner) = config;
        Ok(())
    }

    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.config.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

fn read(certificate: &Path, key: &Path) -> Result<Arc<ServerConfig>, TlsError> {
    let file = |path: &Path, expected| {
        let path = path.to_owned();
        move |error| TlsError::File { path, expected, error }
    };
    let chain = CertificateDer::pem_file_iter(certificate).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let chain = chain.map_err(file(certificate, "uma cadeia de certificados"))?;
    let private = PrivateKeyDer::from_pem_file(key).map_err(file(key, "uma chave privada"))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let built = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, private));
    let (certificate, key) = (certificate.to_owned(), key.to_owned());
    let mut config = built.map_err(|error| TlsError::Pair { certificate, key, error })?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
