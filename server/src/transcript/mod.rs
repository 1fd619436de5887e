//! The report's transcript: what the operator reads on stdout.

mod writer;

use std::fmt;
use std::io::Write;
use std::net::SocketAddr;

use vez_protocol::escape;

use crate::address::PythonAddress;
use writer::Writer;

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
        Ok(Self { writer: Writer::start(output)? })
    }

    pub(crate) fn starting(&self) {
        self.line(format_args!("Iniciando o servidor..."));
    }

    pub(crate) fn listening(&self, address: SocketAddr) {
        self.line(format_args!("Servidor escutando em {address}"));
    }

    pub(crate) fn page(&self, url: &str) {
        self.line(format_args!("Página e WebSocket em {url}"));
    }

    /// The lines about one peer.
    pub(crate) fn about(&self, peer: SocketAddr) -> Record {
        Record { transcript: self.clone(), peer: PythonAddress(peer).to_string() }
    }

    /// Waits until everything is written, or until the output has failed or taken nothing for a second.
    pub fn finish(&self) {
        self.writer.finish();
    }

    fn line(&self, line: fmt::Arguments<'_>) {
        self.writer.append(|buffer| push_fmt(buffer, line));
    }
}

fn push_fmt(line: &mut String, text: fmt::Arguments<'_>) {
    fmt::Write::write_fmt(line, text).expect("writing to a String does not fail");
}

/// The lines about one session.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    transcript: Transcript,
    /// The peer's address as the transcript shows it.
    peer: String,
}

impl Record {
    pub(crate) fn connected(&self) {
        self.transcript.line(format_args!("Conectado por {}", self.peer));
    }

    /// A message, of which at most `most` bytes are shown, and the length if there are more.
    pub(crate) fn message(&self, message: &str, most: usize) {
        self.about_message(|line| {
            let shown = &message[..message.floor_char_boundary(most)];
            escape::push_line(line, shown);
            if shown.len() < message.len() {
                push_fmt(line, format_args!("… [{} bytes]", message.len()));
            }
        });
    }

    /// A message of so many bytes that spell no text.
    pub(crate) fn bytes(&self, len: usize) {
        self.about_message(|line| push_fmt(line, format_args!("[{len} bytes]")));
    }

    fn about_message(&self, write: impl FnOnce(&mut String)) {
        self.transcript.writer.append(|line| {
            line.push_str("Mensagem recebida de ");
            line.push_str(&self.peer);
            line.push_str(": ");
            write(line);
        });
    }

    pub(crate) fn asked_to_leave(&self) {
        self.transcript.line(format_args!("Cliente {} solicitou desconexão.", self.peer));
    }

    pub(crate) fn left(&self) {
        self.transcript.line(format_args!("Cliente {} desconectou (sem dados).", self.peer));
    }

    pub(crate) fn reset(&self) {
        self.transcript.line(format_args!("Conexão com {} foi resetada pelo cliente.", self.peer));
    }

    pub(crate) fn failed(&self, error: &dyn fmt::Display) {
        let error = error.to_string();
        self.transcript.writer.append(|line| {
            line.push_str("Erro ao comunicar com ");
            line.push_str(&self.peer);
            line.push_str(": ");
            escape::push_line(line, &error);
        });
    }

    pub(crate) fn closed(&self) {
        self.transcript.line(format_args!("Conexão com {} encerrada.", self.peer));
    }
}
