//! The report's example conversations, to the byte.

mod common;

use std::process::Stdio;

use common::{Client, LEAVING, LEFT, PROMPT, accept, converse, greeting, listen};
use tokio::io::{AsyncBufReadExt, BufReader};

/// The report's example, beyond the greeting.
fn example() -> String {
    format!(
        "{PROMPT}Resposta do servidor: Servidor recebeu: 'Olá, tudo bem?'\n\
         {PROMPT}{LEAVING}Resposta do servidor: Servidor: Desconectando...\n{LEFT}"
    )
}

#[tokio::test]
async fn the_example_of_the_report() {
    let (listener, address) = listen().await;
    let mut client = Client::start(&address);
    let server = tokio::spawn(async move { converse(accept(&listener).await).await });
    client.expect(&format!("{}{PROMPT}", greeting(&address))).await;
    client.type_line("Olá, tudo bem?").await;
    client.expect(&format!("'Olá, tudo bem?'\n{PROMPT}")).await;
    client.type_line("sair").await;
    assert_eq!(client.finish().await, (greeting(&address) + &example(), 0));
    server.await.unwrap();
}

#[tokio::test]
async fn the_example_with_all_input_there_at_once() {
    let (listener, address) = listen().await;
    let mut client = Client::start(&address);
    client.type_bytes("Olá, tudo bem?\r\nsair\r\n".as_bytes()).await;
    client.end_input();
    converse(accept(&listener).await).await;
    assert_eq!(client.finish().await, (greeting(&address) + &example(), 0));
}

#[tokio::test]
async fn a_blank_line_is_not_sent() {
    let (listener, address) = listen().await;
    let mut client = Client::start(&address);
    client.type_bytes("\n \t \nSaIr\n".as_bytes()).await;
    converse(accept(&listener).await).await;
    let blank = format!("{PROMPT}Por favor, digite uma mensagem ou 'sair'.\n");
    let farewell = "Resposta do servidor: Servidor: Desconectando...\n";
    let expected = format!("{}{blank}{blank}{PROMPT}{LEAVING}{farewell}{LEFT}", greeting(&address));
    assert_eq!(client.finish().await, (expected, 0));
}

/// The report's server in our own words.
const PYTHON_SERVER: &str = r#"
import socket
with socket.socket() as listener:
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    print(listener.getsockname()[1], flush=True)
    connection, _ = listener.accept()
    with connection:
        while received := connection.recv(1024):
            message = received.decode("utf-8")
            if message.lower() == "sair":
                connection.sendall("Servidor: Desconectando...".encode("utf-8"))
                break
            connection.sendall(f"Servidor recebeu: '{message}'".encode("utf-8"))
"#;

#[tokio::test]
async fn the_example_against_a_python_server() {
    let mut command = tokio::process::Command::new("python3");
    command.args(["-c", PYTHON_SERVER]).stdout(Stdio::piped()).kill_on_drop(true);
    let Ok(mut server) = command.spawn() else {
        eprintln!("skipped: python3 is not installed");
        return;
    };
    let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
    let address = format!("127.0.0.1:{}", lines.next_line().await.unwrap().unwrap());

    let mut client = Client::start(&address);
    client.type_bytes("Olá, tudo bem?\nsair\n".as_bytes()).await;
    assert_eq!(client.finish().await, (greeting(&address) + &example(), 0));
    assert!(server.wait().await.unwrap().success());
}
