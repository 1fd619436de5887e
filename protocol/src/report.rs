//! The report's words on the wire.

use std::fmt;

/// What ends a conversation, in any case.
pub const LEAVE: &str = "sair";

/// The server's answer to [`LEAVE`].
pub const FAREWELL: &str = "Servidor: Desconectando...";

/// Whether `text` asks to leave; surrounding blanks make it an ordinary message, as in the report.
pub fn is_leave(text: &str) -> bool {
    text.eq_ignore_ascii_case(LEAVE)
}

/// The report's answer to a message.
#[derive(Clone, Copy, Debug)]
pub struct Received<'a>(
    /// The message that is answered.
    pub &'a str,
);

impl<'a> Received<'a> {
    /// Its words, for those who put them together themselves.
    pub fn parts(self) -> [&'a str; 3] {
        ["Servidor recebeu: '", self.0, "'"]
    }
}

impl fmt::Display for Received<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parts().iter().try_for_each(|part| f.write_str(part))
    }
}

#[cfg(test)]
mod tests {
    use super::{Received, is_leave};

    #[test]
    fn leaving_ignores_case_and_nothing_else() {
        assert!(is_leave("sair") && is_leave("SAIR") && is_leave("SaIr"));
        assert!(!is_leave("sair ") && !is_leave("") && !is_leave("saír"));
    }

    #[test]
    fn received_quotes_the_message() {
        assert_eq!(Received("Olá, 'tudo' bem?").to_string(), "Servidor recebeu: 'Olá, 'tudo' bem?'");
    }
}
