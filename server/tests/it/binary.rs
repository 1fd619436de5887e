//! The `vez-server` binary as a black box: options, signals, its stdout.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Output, Stdio};

use crate::common::binary::{Binary, command};
use crate::common::{Tcp, within};
use rustix::process::Signal;

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_vez-server")).args(arguments).output().unwrap()
}

#[test]
fn an_unknown_option_or_address_is_a_usage_error() {
    for arguments in [
        ["--nada", "x"],
        ["--tcp", "nowhere"],
        ["--idle-limit", "logo"],
        ["--idle-limit", "584000000000y"],
        ["--max-message", "1TiB"],
        ["--gone", "19h"],
        ["--gone", "0s"],
        ["--ping", "0s"],
        ["--connections", "0"],
        ["--kept-messages", "0"],
        ["--header-time", "0s"],
        ["--write-limit", "0s"],
    ] {
        let output = run(&arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(String::from_utf8(output.stderr).unwrap().starts_with("error:"));
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn an_address_in_use_is_named_with_what_to_do() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = run(&["--http", "off", "--tcp", &address]);
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(stderr.contains(&address) && stderr.contains("outra"), "{stderr}");
}

#[test]
fn two_responders_or_none_are_usage_errors() {
    for arguments in [
        &["--exec"][..],
        &["--exec", "--responder", "echo", "--", "cat"],
        &["--exec", "--connect", "tcp://127.0.0.1:9", "--", "cat"],
        &["--connect", "udp://127.0.0.1:9"],
        &["--connect", "tcp://127.0.0.1:9", "--responder", "echo"],
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(String::from_utf8(output.stderr).unwrap().starts_with("error:"));
    }
}

#[test]
fn what_is_missing_behind_is_named_at_start() {
    for arguments in [
        &["--http", "off", "--tcp", "127.0.0.1:0", "--connect", "unix:/nowhere/at/all"][..],
        &["--http", "off", "--tcp", "127.0.0.1:0", "--exec", "--", "vez-no-such-program"],
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(stderr.contains(arguments.last().unwrap()) && stderr.contains("--lazy"), "{stderr}");
    }
}

#[test]
fn what_ends_a_devices_line_is_said_in_its_address_only() {
    let output = run(&["--newline", "lf", "--connect", "serial:/dev/ttyS99"]);
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("serial:/dev/ttyS99") && stderr.contains("newline="), "{stderr}");
}

#[test]
fn options_come_from_the_environment_too() {
    let mut command = command(&[]);
    command.env("VEZ_MAX_MESSAGE", "lots");
    assert_eq!(command.output().unwrap().status.code(), Some(2));
}

#[test]
fn a_listener_can_be_off() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vez-server"));
    command.args(["--tcp", "127.0.0.1:0", "--http", "off"]).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut lines = String::new();
    stdout.read_line(&mut lines).unwrap();
    stdout.read_line(&mut lines).unwrap();
    rustix::process::kill_process(rustix::process::Pid::from_child(&child), Signal::TERM).unwrap();
    stdout.read_to_string(&mut lines).unwrap();
    assert!(lines.contains("Servidor escutando em 127.0.0.1:") && !lines.contains("Página"), "{lines}");
    assert!(child.wait().unwrap().success());
}

#[tokio::test]
async fn signals_end_it_with_success() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut server = Binary::start(&[]).await;
        let _idle = Tcp::connect(server.http).await;
        server.signal(signal);
        let status = within("the end", tokio::task::spawn_blocking(move || server.child.wait())).await;
        assert!(status.unwrap().unwrap().success(), "{signal:?}");
    }
}

/// SIGHUP asks to read files again; where there are none it ends nothing.
#[tokio::test]
async fn a_hangup_without_tls_ends_nothing() {
    let mut server = Binary::start(&[]).await;
    server.signal(Signal::HUP);
    server.wait_for_log("nothing to read again");
    let mut client = Tcp::connect(server.tcp).await;
    client.send("um").await;
    client.expect("Servidor recebeu: 'um'").await;
}

#[tokio::test]
async fn a_second_signal_ends_it_at_once() {
    let mut server = Binary::start(&["--drain", "1h"]).await;
    let mut holder = Tcp::connect(server.tcp).await;
    holder.send("um\n").await;
    holder.expect("Servidor recebeu: 'um'\n").await;
    server.signal(Signal::TERM);
    server.wait_for_log("may drain");
    holder.send("dois\n").await;
    holder.expect("Servidor recebeu: 'dois'\n").await;
    server.signal(Signal::TERM);
    let status = within("the end", tokio::task::spawn_blocking(move || server.child.wait())).await;
    assert!(status.unwrap().unwrap().success());
}

/// A transcript that is read slowly does not keep a server that was told twice to end.
#[tokio::test]
async fn a_second_signal_ends_the_transcript_too() {
    let mut server = Binary::start(&["--drain", "1s"]).await;
    let mut client = Tcp::connect(server.tcp).await;
    let message = "x".repeat(60_000);
    for _ in 0..5 {
        client.send(format!("{message}\n")).await;
        client.expect(&format!("Servidor recebeu: '{message}'\n")).await;
    }
    let mut transcript = server.stdout.take().unwrap().into_inner();
    let reading = std::thread::spawn(move || {
        let mut byte = [0];
        // A byte now and then: it moves.
        while transcript.read(&mut byte).is_ok_and(|read| read > 0) {
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
    });
    server.signal(Signal::TERM);
    server.wait_for_log("may drain");
    server.signal(Signal::TERM);
    let status = within("the end", tokio::task::spawn_blocking(move || server.child.wait())).await;
    assert!(status.unwrap().unwrap().success());
    drop(reading);
}

/// The system's limit on open files bounds the connections; what is over it is said once.
#[tokio::test]
async fn connections_are_bounded_by_the_limit_on_open_files() {
    let inner = command(&[]);
    let mut limited = Command::new("bash");
    limited
        .args(["-c", "ulimit -n 70 && exec \"$0\" \"$@\""])
        .arg(inner.get_program())
        .args(inner.get_args());
    limited.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut server = Binary::spawn(limited);
    let mut first = Tcp::connect(server.tcp).await;
    let mut others = Vec::new();
    for _ in 0..30 {
        others.push(Tcp::connect(server.tcp).await);
    }
    server.wait_for_log("6 connections are open, as many as may");
    first.send("sair").await;
    first.expect("Servidor: Desconectando...").await;
    drop(first);
    for mut other in others {
        other.send("sair").await;
        other.expect("Servidor: Desconectando...").await;
    }
}

#[tokio::test]
async fn a_closed_stdout_ends_nothing() {
    let mut server = Binary::start(&[]).await;
    server.close_stdout();
    for _ in 0..3 {
        let mut client = Tcp::connect(server.tcp).await;
        client.send("um").await;
        client.expect("Servidor recebeu: 'um'").await;
        client.send("sair").await;
        client.expect("Servidor: Desconectando...").await;
    }
}

#[tokio::test]
async fn a_stdout_that_nobody_reads_stalls_nobody() {
    let server = Binary::start(&[]).await;
    let mut client = Tcp::connect(server.tcp).await;
    let message = "x".repeat(60_000);
    // More than a pipe holds (64 KiB) and more than the transcript keeps (4 MiB).
    for _ in 0..100 {
        client.send(format!("{message}\n")).await;
        client.expect(&format!("Servidor recebeu: '{message}'\n")).await;
    }
}
