//! The command line.

use std::path::PathBuf;

use clap::Parser;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};

use crate::address::Address;

const AFTER_HELP: &str = "\
Onde o servidor passa bytes, a entrada e a saída padrão são esses bytes, sem mudança, e os avisos vão para a saída
de erros: vez-client ws://… < arquivo > arquivo

Estado de saída: 0 depois de uma despedida respondida, ou quando terminou com 0 o programa do outro lado; de um
programa que terminou com outro estado, esse estado; 130 ou 143 quando um sinal interrompeu; senão 1.";

/// What the user asked for.
#[derive(Debug, Parser)]
#[command(
    version,
    about = "Conversa com um servidor Vez pelo terminal.",
    after_help = AFTER_HELP,
    max_term_width = 100
)]
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

    /// Whether a lost connection is the end.
    #[arg(long, help = "Não volta ao lugar quando a conexão cai")]
    pub no_reconnect: bool,

    /// Whether keys go one by one in a stream.
    #[arg(
        long,
        help = "Num fluxo, manda cada tecla assim que é digitada, o que um terminal do outro lado já pede por si; \
                Enter ~ . sai"
    )]
    pub raw: bool,

    /// Whether only replies are shown.
    #[arg(
        short,
        long,
        help = "Mostra só as respostas, como vieram; o que dá errado vai para a saída de erros"
    )]
    pub quiet: bool,

    /// Who the user is, where the server asks.
    #[arg(
        long,
        value_name = "NOME",
        help = "Quem você é, onde o servidor pergunta; a senha vem de VEZ_PASSWORD ou é pedida no terminal"
    )]
    pub user: Option<String>,

    /// More headers of the WebSocket's handshake.
    #[arg(
        long,
        value_name = "NOME: VALOR",
        value_parser = header,
        help = "Mais um cabeçalho do pedido do WebSocket; pode ser dado várias vezes"
    )]
    pub header: Vec<(HeaderName, HeaderValue)>,
}

fn header(text: &str) -> Result<(HeaderName, HeaderValue), String> {
    let (name, value) = text.split_once(':').ok_or("escreva NOME: VALOR")?;
    let name =
        name.trim().parse().map_err(|error| format!("{name:?} não é um nome de cabeçalho: {error}"))?;
    let value =
        value.trim().parse().map_err(|error| format!("{value:?} não cabe em um cabeçalho: {error}"))?;
    Ok((name, value))
}
