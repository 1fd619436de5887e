//! The client on a terminal, before a server whose turns are one too.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "these are tests")]

mod common;

use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::time::Duration;

use common::pty::{expect_end, expect_exit, press, see};
use common::wine::Wine;
use common::{DEADLINE, LEFT};
use rexpect::session::{PtySession, spawn_command};
use rustix::process::{Signal, kill_process_group};
use rustix::termios::{Winsize, tcgetpgrp, tcsetwinsize};
use tokio_util::sync::{CancellationToken, DropGuard};
use vez_server::{Options, Server, Transcript};

/// A server before a shell, in a thread of its own: its end, its WebSocket, and where others wait over raw TCP.
fn start_server() -> (DropGuard, String, SocketAddr) {
    let mut options = Options::default();
    (options.tcp, options.http) = ("127.0.0.1:0".parse().unwrap(), "127.0.0.1:0".parse().unwrap());
    // Whoever says nothing is warned soon after somebody else comes.
    options.turns.idle_limit = Some(Duration::from_secs(4));
    options.turns.warn_before = Duration::from_secs(2);
    options.turns.drain = Duration::from_secs(1);
    options.behind.pty = true;
    options.behind.program = ["env", "PS1=% ", "bash", "--norc", "--noprofile"].map(Into::into).into();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let entered = runtime.enter();
    let server = Server::bind(options, Transcript::new(std::io::sink()).unwrap()).unwrap();
    let websocket = format!("ws://{}/ws", server.http_address().unwrap());
    let tcp = server.tcp_address().unwrap();
    let shutdown = CancellationToken::new();
    let running = server.run(shutdown.clone());
    drop(entered);
    std::thread::spawn(move || runtime.block_on(running));
    (shutdown.drop_guard(), websocket, tcp)
}

/// A client on a terminal of its own, at the shell's prompt.
fn start(websocket: &str) -> PtySession {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vez-client"));
    command.env_remove("VEZ_CA");
    start_with(command, websocket)
}

fn start_with(mut command: Command, websocket: &str) -> PtySession {
    command.arg(websocket);
    let mut terminal = spawn_command(command, Some(DEADLINE.as_millis() as u64)).unwrap();
    let handle = terminal.process().get_file_handle().unwrap();
    tcsetwinsize(&handle, Winsize { ws_row: 33, ws_col: 101, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
    see(&mut terminal, "É a sua vez.");
    see(&mut terminal, "%");
    terminal
}

#[test]
fn keys_and_the_windows_size_go_to_the_terminal_on_the_other_side() {
    let (_end, websocket, _) = start_server();
    let mut terminal = start(&websocket);
    press(&mut terminal, "stty size\r");
    see(&mut terminal, "33 101\r\n");
    let handle = terminal.process().get_file_handle().unwrap();
    tcsetwinsize(&handle, Winsize { ws_row: 50, ws_col: 132, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
    press(&mut terminal, "until test \"$(stty size)\" = '50 132'; do sleep 0.1; done; echo vi''sto\r");
    see(&mut terminal, "visto\r\n");
    // Ctrl-C is the program's, and the client stays.
    press(&mut terminal, "echo es''pera; sleep 99\r");
    see(&mut terminal, "espera\r\n");
    press(&mut terminal, "\x03");
    see(&mut terminal, "% ");
    press(&mut terminal, "echo '~.' çã''o\r");
    see(&mut terminal, "~. ção\r\n");
    press(&mut terminal, "\r~.");
    expect_end(terminal, 0);
}

/// Wine's console has characters alone, keeps Ctrl-C to itself, and does not learn that its window changed.
#[test]
#[ignore = "needs the programs for Windows, and wine: run cargo xtask test"]
fn a_console_of_windows_is_a_terminal_too() {
    let Some(wine) = Wine::find() else { return };
    let (_end, websocket, _) = start_server();
    let mut terminal = start_with(wine.command("vez-client.exe"), &websocket);
    press(&mut terminal, "read -n 1; echo =$REPLY=\r");
    press(&mut terminal, "ç");
    see(&mut terminal, "=ç=");
    press(&mut terminal, "stty size\r");
    see(&mut terminal, "33 101");
    press(&mut terminal, "\r~.");
    see(&mut terminal, LEFT.trim_end());
    expect_exit(terminal, 0);
}

#[test]
fn the_programs_exit_status_is_the_clients() {
    let (_end, websocket, _) = start_server();
    let mut terminal = start(&websocket);
    press(&mut terminal, "exit 7\r");
    expect_end(terminal, 7);
}

#[test]
fn a_terminal_is_as_it_was_however_the_client_ends() {
    let (end, websocket, _) = start_server();
    let terminal = start(&websocket);
    let client = tcgetpgrp(terminal.process().get_file_handle().unwrap()).unwrap();
    kill_process_group(client, Signal::TERM).unwrap();
    expect_end(terminal, 143);
    let mut terminal = start(&websocket);
    drop(end);
    see(&mut terminal, "Servidor: encerrando.\r\n");
    expect_end(terminal, 1);
}

/// The client's own lines change nothing of that for the keys after them.
#[test]
fn a_warning_leaves_the_keys_to_the_program() {
    let (_end, websocket, tcp) = start_server();
    let mut terminal = start(&websocket);
    press(&mut terminal, "echo es''pera; sleep 99\r");
    see(&mut terminal, "espera\r\n");
    let _waits = TcpStream::connect(tcp).unwrap();
    see(&mut terminal, "Aviso: ");
    see(&mut terminal, ".\r\n");
    press(&mut terminal, "\x03");
    see(&mut terminal, "% ");
    press(&mut terminal, "\r~.");
    expect_end(terminal, 0);
}
