//! The command line.

use std::path::PathBuf;

use clap::Parser;

use crate::address::Address;

/// What the user asked for.
#[derive(Debug, Parser)]
#[command(version, about = "Conversa com um servidor Vez pelo terminal.", max_term_width = 100)]
pub struct Args {
    /// The server.
    #[arg(
        value_name = "HOST:PORTA | ws://… | wss://…",
        env = "VEZ_ADDRESS",
        default_value = vez_protocol::DEFAULT_TCP,
        help = "Onde está o servidor: TCP puro, ou WebSocket para ver a fila"
    )]
    pub address: Address,

    /// Root certificates that are trusted beside the system's.
    #[arg(
        long,
        value_name = "ARQUIVO",
        env = "VEZ_CA",
        help = "Certificados raiz (PEM) aceitos além dos do sistema, para wss://"
    )]
    pub ca: Option<PathBuf>,
}
