//! `wss://` with a private root, `--ca`.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod common;

use std::sync::Arc;

use common::{Client, PROMPT, accept, listen};
use futures_util::SinkExt;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;
use tokio_rustls::TlsAcceptor;
use tokio_tungstenite::tungstenite::Message;

/// A root of our own in PEM, and a server with a certificate for 127.0.0.1 that it signed.
fn root_and_server() -> (String, TlsAcceptor) {
    let mut params = CertificateParams::new([]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &root).unwrap();
    let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    (root.pem(), TlsAcceptor::from(Arc::new(config)))
}

#[tokio::test]
async fn a_private_root_is_trusted_with_ca() {
    let (root, acceptor) = root_and_server();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, root).unwrap();

    let (listener, address) = listen().await;
    let url = format!("wss://{address}/");
    let mut client = Client::with_args([url.as_str(), "--ca", file.to_str().unwrap()]);
    // The first attempt offers a subprotocol, which this server does not know.
    let first = acceptor.accept(accept(&listener).await).await.unwrap();
    tokio_tungstenite::accept_async(first).await.unwrap();
    let second = acceptor.accept(accept(&listener).await).await.unwrap();
    let mut socket = tokio_tungstenite::accept_async(second).await.unwrap();
    socket.send(Message::text("seguro")).await.unwrap();
    client
        .expect(&format!("Conectado ao servidor em {url}\n{PROMPT}Resposta do servidor: seguro\n{PROMPT}"))
        .await;
}

#[tokio::test]
async fn an_unknown_root_is_refused() {
    let (_, acceptor) = root_and_server();
    let (listener, address) = listen().await;
    let client = Client::start(&format!("wss://{address}/"));
    assert!(acceptor.accept(accept(&listener).await).await.is_err());
    let (printed, status) = client.finish().await;
    assert!(printed.contains("\nErro ao conectar: invalid peer certificate"), "{printed}");
    assert_eq!(status, 1);
}

#[tokio::test]
async fn a_file_without_certificates_is_named() {
    let (listener, address) = listen().await;
    let client = Client::with_args([&format!("wss://{address}/"), "--ca", "Cargo.toml"]);
    let (printed, status) = client.finish().await;
    assert!(
        printed.contains("Erro ao conectar: certificados de Cargo.toml: nenhum certificado"),
        "{printed}"
    );
    assert_eq!(status, 1);
    drop(listener);
}
