//! What is typed, and the command line.

mod common;

use std::process::Stdio;

use common::{Client, LEAVING, LEFT, PROMPT, accept, command, converse, greeting, listen};

#[tokio::test]
async fn a_line_that_is_no_text_is_told_and_not_sent() {
    let (listener, address) = listen().await;
    let mut client = Client::start(&address);
    client.type_bytes(b"\xff\nsair\n").await;
    converse(accept(&listener).await).await;
    let error = "Entrada inválida: a linha não é UTF-8.\n";
    let farewell = "Resposta do servidor: Servidor: Desconectando...\n";
    let expected = greeting(&address) + PROMPT + error + PROMPT + LEAVING + farewell + LEFT;
    assert_eq!(client.finish().await, (expected, 0));
}

#[tokio::test]
async fn a_line_without_end_is_told_and_not_kept() {
    let (listener, address) = listen().await;
    let mut client = Client::start(&address);
    let megabyte = vec![b'x'; 1 << 20];
    let server = tokio::spawn(async move { converse(accept(&listener).await).await });
    for _ in 0..512 {
        client.type_bytes(&megabyte).await;
    }
    client.type_bytes(b"\n").await;
    let error = "Entrada inválida: a linha passa do limite de 67108864 bytes.\n";
    client.expect(&format!("{PROMPT}{error}{PROMPT}")).await;
    #[cfg(target_os = "linux")]
    assert!(client.peak_memory() < 256 << 10, "{} KiB", client.peak_memory());
    client.type_line("sair").await;
    assert_eq!(client.finish().await.1, 0);
    server.await.unwrap();
}

#[tokio::test]
async fn the_address_comes_from_the_environment_too() {
    let (listener, address) = listen().await;
    let output = command().env("VEZ_ADDRESS", &address).stdin(Stdio::null()).output();
    let (output, ()) = tokio::join!(output, async { converse(accept(&listener).await).await });
    let printed = String::from_utf8(output.unwrap().stdout).unwrap();
    assert!(printed.starts_with(&greeting(&address)), "{printed}");
}

#[tokio::test]
async fn usage_errors_have_status_2() {
    for args in [&["sem-porta"] as &[_], &["http://a/"], &["--nada"], &["a:1", "b:2"], &["::1:65432"]] {
        let output = command().args(args).output().await.unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(output.stdout.is_empty() && !output.stderr.is_empty(), "{args:?}");
    }
}
