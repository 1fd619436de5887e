//! The report's transcript: what the operator reads on stdout.

use std::fmt;
use std::io::Write;
use std::net::SocketAddr;
use std::time::SystemTime;

use humantime::format_rfc3339_seconds;
use vez_protocol::escape;

use super::writer::{Outlet, Writer};
use super::{DeviceEvent, Event};
use crate::ending::Ending;
use crate::platform;

/// Writes the transcript; clones share one writer, which keeps their lines in order.
#[derive(Clone, Debug)]
pub struct Transcript {
    writer: Writer,
}

impl Transcript {
    /// A transcript on `output`, written by a thread of its own, so that a slow or closed output stalls nobody.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub fn new(output: impl Write + Send + 'static) -> std::io::Result<Self> {
        Ok(Self { writer: Writer::start(output, Outlet::PLAIN)? })
    }

    /// A transcript on stdout.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub fn stdout() -> std::io::Result<Self> {
        Ok(Self { writer: Writer::start(platform::stdout()?, outlet())? })
    }

    pub(crate) fn starting(&self) {
        self.line(|line| line.push_str("Iniciando o servidor..."));
    }

    pub(crate) fn listening(&self, address: SocketAddr) {
        self.line(|line| push_fmt(line, format_args!("Servidor escutando em {address}")));
    }

    pub(crate) fn page(&self, url: &str) {
        self.line(|line| push_fmt(line, format_args!("Página e WebSocket em {url}")));
    }

    /// Records what happens to a device.
    pub(crate) fn device(&self, event: &DeviceEvent) {
        match event {
            DeviceEvent::Gone(cause) => tracing::warn!(cause, "a device is gone"),
            DeviceEvent::Back(device) => tracing::info!(device, "a device is back"),
        }
        self.line(|line| {
            let (what, of) = match event {
                DeviceEvent::Gone(cause) => ("Dispositivo ausente: ", cause),
                DeviceEvent::Back(device) => ("Dispositivo de volta: ", device),
            };
            line.push_str(what);
            escape::push_line(line, of);
        });
    }

    /// Waits until everything is written, or until the output has failed or taken nothing for a second.
    pub async fn finish(&self) {
        self.writer.finish().await;
    }

    /// How many lines were lost so far, because the output stood still or had failed.
    pub(super) fn lost_lines(&self) -> u64 {
        self.writer.lost_lines()
    }

    /// Waits until there is room for a line, or the output has stood still for a second.
    pub(super) fn room(&self) -> impl Future<Output = ()> + use<> {
        self.writer.clone().room()
    }

    /// The line about an event, if it has one; false when the next should wait for room.
    pub(super) fn session(&self, peer: &str, event: &Event<'_>) -> bool {
        match event {
            Event::Turn { .. } => self.line(|line| push_all(line, &["Conectado por ", peer])),
            Event::Message(text, most) => self.line(|line| {
                push_all(line, &["Mensagem recebida de ", peer, ": "]);
                push_part(line, text, *most);
            }),
            Event::Binary(len) => self.line(|line| {
                push_all(line, &["Mensagem recebida de ", peer, ": "]);
                push_fmt(line, format_args!("[{len} bytes]"));
            }),
            Event::Stream { began, came, sent } => self.line(|line| {
                let (began, now) =
                    (format_rfc3339_seconds(*began), format_rfc3339_seconds(SystemTime::now()));
                push_all(line, &["Vez de ", peer]);
                push_fmt(line, format_args!(" de {began} a {now}: {came} bytes recebidos, {sent} enviados."));
            }),
            Event::Ended(ending) => self.ended(peer, ending),
            Event::Closed => self.line(|line| push_all(line, &["Conexão com ", peer, " encerrada."])),
        }
    }

    fn ended(&self, peer: &str, ending: &Ending) -> bool {
        self.line(|line| match ending {
            Ending::Farewell(_) => push_all(line, &["Cliente ", peer, " solicitou desconexão."]),
            Ending::Left => push_all(line, &["Cliente ", peer, " desconectou (sem dados)."]),
            Ending::Ended(_) => push_fmt(line, format_args!("Fim da conversa com {peer}: {ending}.")),
            Ending::Reset => push_all(line, &["Conexão com ", peer, " foi resetada pelo cliente."]),
            ending => {
                push_all(line, &["Erro ao comunicar com ", peer, ": "]);
                escape::push_line(line, &ending.to_string());
            }
        })
    }

    fn line(&self, write: impl FnOnce(&mut String)) -> bool {
        self.writer.append(write)
    }
}

/// A pipe or a terminal takes a page at a time, a file everything at once.
fn outlet() -> Outlet {
    let chunk = if platform::stdout_is_file() { Outlet::PLAIN.chunk } else { 4096 };
    Outlet { chunk, unread: platform::unread_stdout }
}

/// At most `most` bytes of a text, and its length if there are more.
fn push_part(line: &mut String, text: &str, most: usize) {
    let shown = &text[..text.floor_char_boundary(most)];
    escape::push_line(line, shown);
    if shown.len() < text.len() {
        push_fmt(line, format_args!("… [{} bytes]", text.len()));
    }
}

fn push_all(line: &mut String, parts: &[&str]) {
    parts.iter().for_each(|part| line.push_str(part));
}

fn push_fmt(line: &mut String, text: fmt::Arguments<'_>) {
    fmt::Write::write_fmt(line, text).expect("writing to a String does not fail");
}
