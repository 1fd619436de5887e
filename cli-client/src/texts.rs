//! What the client says to its user: the report's words, and in their manner what the report had no need for.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use vez_protocol::{ByeReason, CloseCode};

use crate::address::Address;
use crate::transport::{Closing, Failure, Place};

/// The first line.
pub(crate) const STARTING: &str = "Iniciando o cliente...";
/// Asks for a message; the report's `input` writes it without a newline.
pub(crate) const PROMPT: &str = "Digite a mensagem para o servidor (ou 'sair' para desconectar): ";
/// The answer to a blank line.
pub(crate) const BLANK: &str = "Por favor, digite uma mensagem ou 'sair'.";
/// The user leaves.
pub(crate) const LEAVING: &str = "Enviando solicitação de desconexão para o servidor...";
/// The conversation's last line.
pub(crate) const LEFT: &str = "Cliente desconectado.";
/// The connection is lost, and the seat is kept for a while.
pub(crate) const LOST: &str = "A conexão caiu; voltando ao seu lugar...";
/// The connection is back.
pub(crate) const BACK: &str = "De volta ao seu lugar.";
/// The conversation is the user's.
pub(crate) const TURN: &str = "É a sua vez.";

const CLOSED: &str = "Servidor fechou a conexão.";
const RESET: &str = "A conexão foi resetada pelo servidor.";
const BROKEN_PIPE: &str = "A conexão com o servidor foi perdida (Broken pipe).";

pub(crate) fn connected(address: &Address) -> String {
    format!("Conectado ao servidor em {address}")
}

pub(crate) fn connect_failed(address: &Address, failure: &Failure) -> String {
    if failure.is(std::io::ErrorKind::ConnectionRefused) {
        return format!(
            "Não foi possível conectar ao servidor em {address}. Verifique se o servidor está em execução."
        );
    }
    format!("Erro ao conectar: {failure}")
}

pub(crate) fn reply(text: &str) -> String {
    format!("Resposta do servidor: {text}")
}

/// A failure in the middle of the conversation.
pub(crate) fn failed(failure: &Failure) -> String {
    match failure {
        _ if failure.is(std::io::ErrorKind::ConnectionReset) => RESET.to_owned(),
        _ if failure.is(std::io::ErrorKind::BrokenPipe) => BROKEN_PIPE.to_owned(),
        _ => format!("Erro ao enviar/receber dados: {failure}"),
    }
}

/// A failure instead of the farewell.
pub(crate) fn no_farewell(failure: &Failure) -> String {
    format!("Nenhuma resposta final do servidor ou erro: {failure}")
}

/// The server ended the conversation.
pub(crate) fn closed(closing: Option<&Closing>) -> String {
    let Some(Closing { code, reason }) = closing else { return CLOSED.to_owned() };
    match (cause(*code), reason.as_str()) {
        (None, "") => CLOSED.to_owned(),
        (None, reason) => format!("Servidor fechou a conexão: {reason}"),
        (Some(cause), "") => format!("Servidor fechou a conexão: {cause}."),
        (Some(cause), reason) => format!("Servidor fechou a conexão: {cause} ({reason})."),
    }
}

fn cause(code: u16) -> Option<Cow<'static, str>> {
    let cause = match CloseCode::from_u16(code) {
        Some(CloseCode::Normal) => return None,
        Some(CloseCode::GoingAway) => "o servidor está encerrando",
        Some(CloseCode::Protocol) => "o protocolo WebSocket foi violado",
        Some(CloseCode::Unsupported) => "tipo de dados não aceito",
        Some(CloseCode::InvalidData) => "os dados não são texto válido",
        Some(CloseCode::Policy) => "uma regra ou um limite de tempo do servidor",
        Some(CloseCode::TooBig) => "mensagem grande demais",
        Some(CloseCode::Internal) => "erro interno do servidor",
        Some(CloseCode::Restart) => "a vez se perdeu; tente de novo em instantes",
        Some(CloseCode::TryAgainLater) => "a fila está cheia; tente mais tarde",
        Some(CloseCode::BadGateway) => "o que deveria responder falhou",
        Some(CloseCode::TakenOver) => "outra conexão tomou este lugar",
        None => return Some(format!("código {code}").into()),
    };
    Some(cause.into())
}

/// The place in the queue.
pub(crate) fn waiting(place: &Place) -> String {
    let ahead = place.ahead.filter(|_| place.position > 1).map(|ahead| format!("{ahead} à frente"));
    let holder = place.holder.as_ref().map(|holder| format!("{holder} conversa agora"));
    let estimate =
        place.estimate.map(|time| format!("espera estimada: {}", humantime::format_duration(time)));
    let details: Vec<_> = [ahead, holder, estimate].into_iter().flatten().collect();
    let details = if details.is_empty() { String::new() } else { format!(" ({})", details.join(", ")) };
    match place.position {
        ..=1 => format!("Você é o próximo da fila{details}."),
        position => format!("Sua posição na fila: {position}{details}"),
    }
}

/// The turn ends soon.
pub(crate) fn warning(seconds: u64, reason: ByeReason) -> String {
    let left = humantime::format_duration(Duration::from_secs(seconds));
    match reason {
        ByeReason::IdleLimit => format!("Aviso: sem uma mensagem sua, a conversa termina em {left}."),
        ByeReason::TurnLimit => format!("Aviso: há gente na fila, e a sua vez termina em {left}."),
        ByeReason::Shutdown => format!("Aviso: o servidor está encerrando, e a conversa termina em {left}."),
        _ => format!("Aviso: a conversa termina em {left}."),
    }
}

/// A line of input that cannot be a message.
pub(crate) fn unusable(error: &impl fmt::Display) -> String {
    format!("Entrada inválida: {error}.")
}
