//! https and wss, and a certificate that changes while the server runs.

use std::path::Path;
use std::sync::Arc;

use futures_util::{SinkExt, StreamExt};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustix::process::Signal;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::protocol::Message;

use crate::common::binary::{Binary, command};
use crate::common::{Client, Tcp, within};

/// Writes a new certificate for localhost and its key.
fn write_certificate(folder: &Path) -> CertificateDer<'static> {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(folder.join("cert.pem"), cert.pem()).unwrap();
    std::fs::write(folder.join("key.pem"), signing_key.serialize_pem()).unwrap();
    cert.der().clone()
}

fn start(folder: &Path) -> Binary {
    let (certificate, key) = (folder.join("cert.pem"), folder.join("key.pem"));
    let mut command = command(&[]);
    command.arg("--tls-cert").arg(certificate).arg("--tls-key").arg(key);
    Binary::spawn(command)
}

async fn try_connect(
    server: &Binary,
    root: &CertificateDer<'static>,
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(root.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let options = builder.with_root_certificates(roots).with_no_client_auth();
    let stream = TcpStream::connect(server.http).await?;
    let name = ServerName::try_from("localhost").unwrap();
    within("the TLS handshake", TlsConnector::from(Arc::new(options)).connect(name, stream)).await
}

/// Waits until new connections get `root`, which a signal asked for.
async fn connect_when_reloaded(server: &Binary, root: &CertificateDer<'static>) -> TlsStream<TcpStream> {
    within("the new certificate", async {
        loop {
            if let Ok(stream) = try_connect(server, root).await {
                return stream;
            }
        }
    })
    .await
}

#[tokio::test]
async fn https_and_wss_are_spoken_with_a_certificate() {
    let folder = TempDir::new().unwrap();
    let root = write_certificate(folder.path());
    let server = start(folder.path());
    let mut page = try_connect(&server, &root).await.unwrap();
    page.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut response = String::new();
    within("the page", page.read_to_string(&mut response)).await.unwrap();
    assert!(response.starts_with("HTTP/1.1 200"), "{response}");

    let stream = try_connect(&server, &root).await.unwrap();
    let (mut websocket, _) = client_async("wss://localhost/ws", stream).await.unwrap();
    for (said, heard) in [("Olá", "Servidor recebeu: 'Olá'"), ("sair", "Servidor: Desconectando...")] {
        websocket.send(Message::text(said)).await.unwrap();
        let reply = within("a reply", websocket.next()).await.unwrap().unwrap();
        assert_eq!(reply, Message::text(heard));
    }
    let close = within("the close", websocket.next()).await.unwrap().unwrap();
    assert!(matches!(close, Message::Close(Some(frame)) if u16::from(frame.code) == 1000));
}

#[tokio::test]
async fn a_new_certificate_is_read_without_ending_a_session_and_a_broken_one_is_not() {
    let folder = TempDir::new().unwrap();
    let old = write_certificate(folder.path());
    let mut server = start(folder.path());
    let stream = try_connect(&server, &old).await.unwrap();
    let (mut session, _) = client_async("wss://localhost/ws", stream).await.unwrap();

    let new = write_certificate(folder.path());
    server.signal(Signal::HUP);
    connect_when_reloaded(&server, &new).await;
    assert!(try_connect(&server, &old).await.is_err(), "the old certificate is of the past");

    std::fs::write(folder.path().join("cert.pem"), "nada").unwrap();
    server.signal(Signal::HUP);
    server.wait_for_log("the old one stays");
    try_connect(&server, &new).await.expect("the last whole certificate stays");
    session.send(Message::text("ainda")).await.unwrap();
    let reply = within("a reply", session.next()).await.unwrap().unwrap();
    assert_eq!(reply, Message::text("Servidor recebeu: 'ainda'"));
}

#[test]
fn files_that_make_no_server_are_named() {
    let folder = TempDir::new().unwrap();
    write_certificate(folder.path());
    std::fs::write(folder.path().join("key.pem"), "nada").unwrap();
    let key = folder.path().join("key.pem");
    let mut command = command(&[]);
    command.arg("--tls-cert").arg(folder.path().join("cert.pem")).arg("--tls-key").arg(&key);
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains(key.to_str().unwrap()) && stderr.contains("chave privada"), "{stderr}");
}

/// What is no TLS on the TLS port harms nobody.
#[tokio::test]
async fn plain_http_on_the_tls_port_is_dropped() {
    let folder = TempDir::new().unwrap();
    let root = write_certificate(folder.path());
    let server = start(folder.path());
    let mut plain = Tcp::connect(server.http).await;
    plain.send("GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
    let mut bytes = Vec::new();
    let _ = within("the end", plain.stream.read_to_end(&mut bytes)).await;
    assert!(!bytes.starts_with(b"HTTP"));
    try_connect(&server, &root).await.unwrap();
    Client::Tcp(Tcp::connect(server.tcp).await).chat("oi").await;
}

/// A peer that dies without TLS's own goodbye has ended its input as any other, in the transcript's own words; what
/// it said while it waited is answered all the same.
#[tokio::test]
async fn a_peer_that_dies_without_close_notify_has_left() {
    let folder = TempDir::new().unwrap();
    let root = write_certificate(folder.path());
    let mut server = start(folder.path());
    let stream = try_connect(&server, &root).await.unwrap();
    let (mut holder, _) = client_async("wss://localhost/ws", stream).await.unwrap();
    holder.send(Message::text("um")).await.unwrap();
    let stream = try_connect(&server, &root).await.unwrap();
    let (mut waiter, _) = client_async("wss://localhost/ws", stream).await.unwrap();
    waiter.send(Message::text("dois")).await.unwrap();
    for websocket in [&mut waiter, &mut holder] {
        // The bare socket's sending side, below TLS.
        websocket.get_mut().get_mut().0.shutdown().await.unwrap();
    }
    let mut transcript = server.stdout.take().unwrap();
    let mut lines = String::new();
    while lines.matches("encerrada.").count() < 2 {
        std::io::BufRead::read_line(&mut transcript, &mut lines).unwrap();
    }
    assert_eq!(lines.matches("desconectou (sem dados).").count(), 2, "{lines}");
    assert!(lines.contains(": dois\n") && !lines.contains("Erro"), "{lines}");
}
