//! `cargo xtask`: the report's Main. It does all set-up, so that a fresh clone needs nothing but Rust.

mod bench;
mod crates_io;
mod debian;
mod etcd;
mod launch;
mod npm;
mod page;
mod project;
mod python;
mod step;
mod test;
mod toolchain;
mod tools;
mod torture;
mod windows;

use std::{env, ffi::OsString, process::ExitCode};

use anyhow::{Result, ensure};

use crate::project::Project;

/// What the report's Main prints without arguments.
const USAGE: &str = "\
Uso: cargo xtask [server|client]
Exemplo para iniciar o servidor: cargo xtask server
Exemplo para iniciar o cliente: cargo xtask client";

/// The modes that the report does not have.
const MORE_MODES: &str = "
Opções de vez-server e vez-client vêm depois do modo: cargo xtask server --help
Para uma fila de vários servidores, em etcd: cargo xtask server --features etcd --queue etcd://…
Para quem desenvolve:
  cargo xtask page            constrói a página em web-client/dist
  cargo xtask test            prepara tudo, navegador incluído, e roda todos os testes
  cargo xtask test --quick    só o que se repete ao desenvolver: sem navegador
  cargo xtask torture         tempestade de clientes contra o servidor; --seconds N --clients N --seed N; --servers 3, numa fila em etcd que falha
  cargo xtask bench           mede o servidor, e outros que fazem menos; --quick mede menos; --shared, uma fila em etcd";

fn main() -> ExitCode {
    let mut args = env::args_os().skip(1);
    let Some(mode) = args.next() else {
        println!("{USAGE}");
        eprintln!("{MORE_MODES}");
        return ExitCode::FAILURE;
    };
    let mut options: Vec<OsString> = args.collect();
    if options.first().is_some_and(|first| first == "--") {
        options.remove(0);
    }
    run(&mode.to_string_lossy(), &options).unwrap_or_else(|error| {
        eprintln!("Erro: {error:#}");
        ExitCode::FAILURE
    })
}

fn run(mode: &str, options: &[OsString]) -> Result<ExitCode> {
    match mode.to_lowercase().as_str() {
        "server" => launch::server(options),
        "client" => launch::client(options),
        "page" => {
            ensure!(options.is_empty(), "`cargo xtask page` não tem opções");
            page::build(&Project::open()?)?;
            Ok(ExitCode::SUCCESS)
        }
        "test" => test::run(options),
        "torture" => torture::run(options),
        "bench" => bench::run(options),
        "help" | "--help" | "-h" => {
            println!("{USAGE}\n{MORE_MODES}");
            Ok(ExitCode::SUCCESS)
        }
        _ => {
            println!("Modo desconhecido: {mode}. Use 'server' ou 'client'.");
            Ok(ExitCode::FAILURE)
        }
    }
}
