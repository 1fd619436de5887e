//! The modes as the report's Main tells them apart.

use std::process::{Command, Output};

fn xtask(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xtask")).args(args).output().unwrap()
}

fn assert_prints(args: &[&str], stdout: &str, status: i32) {
    let output = xtask(args);
    assert_eq!(String::from_utf8_lossy(&output.stdout), stdout, "{args:?}");
    assert_eq!(output.status.code(), Some(status), "{args:?}");
}

#[test]
fn without_a_mode_the_usage_is_printed() {
    let usage = "Uso: cargo xtask [server|client]\n\
                 Exemplo para iniciar o servidor: cargo xtask server\n\
                 Exemplo para iniciar o cliente: cargo xtask client\n";
    assert_prints(&[], usage, 1);
}

#[test]
fn an_unknown_mode_is_shown_as_typed() {
    for mode in ["banana", "BaNaNa", "servers", "", "não"] {
        let message = format!("Modo desconhecido: {mode}. Use 'server' ou 'client'.\n");
        assert_prints(&[mode], &message, 1);
    }
}

#[test]
fn help_is_no_error_and_shows_every_mode() {
    let output = xtask(&["--help"]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.starts_with("Uso: cargo xtask [server|client]\n"), "{text}");
    assert!(
        ["page", "test", "torture"].iter().all(|mode| text.contains(&format!("cargo xtask {mode} "))),
        "{text}"
    );
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn an_unknown_option_is_an_error() {
    for args in [["page", "--banana"], ["test", "--banana"], ["TEST", "banana"]] {
        let output = xtask(&args);
        assert_eq!(output.status.code(), Some(1), "{args:?}");
        assert!(output.stdout.is_empty(), "{args:?}");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(stderr.starts_with("Erro: ") && stderr.lines().count() == 1, "{stderr}");
    }
}
