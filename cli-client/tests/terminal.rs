//! The client on a pseudo-terminal.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "these are tests")]

mod common;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;

use common::pty::{expect_end, press, see};
use common::{DEADLINE, PROMPT};
use rexpect::session::{PtySession, spawn_command};

/// A client on a terminal of its own, at the prompt, and its server's end.
fn start() -> (PtySession, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_vez-client"));
    command.arg(listener.local_addr().unwrap().to_string()).envs([("TERM", "xterm"), ("NO_COLOR", "1")]);
    command.env_remove("VEZ_CA");
    let mut terminal = spawn_command(command, Some(DEADLINE.as_millis() as u64)).unwrap();
    let (stream, _) = listener.accept().unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    see(&mut terminal, PROMPT);
    (terminal, stream)
}

fn hear(stream: &mut TcpStream, text: &str) {
    let mut heard = vec![0; text.len()];
    stream.read_exact(&mut heard).unwrap();
    assert_eq!(String::from_utf8_lossy(&heard), text);
}

#[test]
fn lines_can_be_edited_and_come_back() {
    let (mut terminal, mut stream) = start();
    press(&mut terminal, "Oxá\x02\x7fl\r"); // left, backspace
    hear(&mut stream, "Olá");
    stream.write_all("um".as_bytes()).unwrap();
    see(&mut terminal, "Resposta do servidor: um\r\n");
    see(&mut terminal, PROMPT);
    press(&mut terminal, "\x1b[A!\r"); // up
    hear(&mut stream, "Olá!");
    stream.write_all("dois".as_bytes()).unwrap();
    see(&mut terminal, "Resposta do servidor: dois\r\n");
    see(&mut terminal, PROMPT);
    terminal.send_control('d').unwrap();
    hear(&mut stream, "sair");
    stream.write_all("até".as_bytes()).unwrap();
    see(&mut terminal, "Resposta do servidor: até\r\n");
    expect_end(terminal, 0);
}

#[test]
fn ctrl_c_at_the_prompt_leaves_politely() {
    let (mut terminal, mut stream) = start();
    terminal.send_control('c').unwrap();
    hear(&mut stream, "sair");
    stream.write_all("até".as_bytes()).unwrap();
    see(&mut terminal, "Resposta do servidor: até\r\n");
    expect_end(terminal, 0);
}

#[test]
fn ctrl_c_leaves_while_a_reply_is_awaited() {
    let (mut terminal, mut stream) = start();
    press(&mut terminal, "Oi\r");
    hear(&mut stream, "Oi");
    terminal.send_control('c').unwrap();
    assert_eq!(stream.read(&mut [0; 8]).unwrap(), 0);
    drop(stream);
    expect_end(terminal, 0);
}

#[test]
fn what_arrives_while_typing_leaves_the_line_alone() {
    let (mut terminal, mut stream) = start();
    press(&mut terminal, "meia fra");
    see(&mut terminal, "meia fra");
    stream.write_all("aviso".as_bytes()).unwrap();
    see(&mut terminal, "Resposta do servidor: aviso\r\n");
    see(&mut terminal, &format!("{PROMPT}meia fra"));
    press(&mut terminal, "se\r");
    hear(&mut stream, "meia frase");
}

#[test]
fn the_servers_end_is_told_while_typing_and_the_terminal_restored() {
    let (mut terminal, mut stream) = start();
    press(&mut terminal, "meia fra");
    see(&mut terminal, "meia fra");
    stream.write_all("última palavra".as_bytes()).unwrap();
    drop(stream);
    see(&mut terminal, "Resposta do servidor: última palavra\r\n");
    see(&mut terminal, "Servidor fechou a conexão.\r\n");
    expect_end(terminal, 1);
}

#[test]
fn every_line_is_shown_before_the_end_whatever_is_being_typed() {
    // Half a line; the middle of a search and of a key sequence, where the editor draws only at the next key.
    for keys in ["meia fra", "\x12x", "\x18"] {
        let (mut terminal, mut stream) = start();
        press(&mut terminal, keys);
        for number in 0..50 {
            stream.write_all(format!("linha {number}.\n").as_bytes()).unwrap();
        }
        drop(stream);
        for number in 0..50 {
            see(&mut terminal, &format!("linha {number}.\r\n"));
        }
        see(&mut terminal, "Servidor fechou a conexão.\r\n");
        expect_end(terminal, 1);
    }
}

#[test]
fn a_server_cannot_drive_the_terminal() {
    let (mut terminal, mut stream) = start();
    press(&mut terminal, "Oi\r");
    hear(&mut stream, "Oi");
    stream.write_all(b"\x1b]0;dono\x07um\ndois\r\n").unwrap();
    see(&mut terminal, "Resposta do servidor: \\x1b]0;dono\\x07um\r\ndois\r\n");
    see(&mut terminal, PROMPT);
}
