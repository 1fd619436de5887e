//! The keys of a shared queue: `NAME/LEASE/NUMBER`, whose value tells people whose they are.

use crate::door::User;

/// One ticket's key, without the queue's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key {
    /// The lease that it goes with.
    pub(super) lease: i64,
    /// Counts the tickets of its server.
    pub(super) number: u64,
}

/// What a key's value says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Label {
    /// The session's number in the server's log.
    pub(super) session: u64,
    /// What the server is called.
    pub(super) server: String,
    /// Who it is, where that is asked.
    pub(super) user: Option<User>,
}

/// Most bytes of a server's name that are kept.
const SERVER: usize = 200;

impl Key {
    /// The key as etcd has it.
    pub(super) fn to_bytes(self, queue: &str) -> Vec<u8> {
        format!("{queue}/{:016x}/{:020}", self.lease, self.number).into_bytes()
    }

    /// Reads a key; `None` if it is no ticket's.
    pub(super) fn parse(bytes: &[u8], queue: &str) -> Option<Self> {
        let text = str::from_utf8(bytes).ok()?.strip_prefix(queue)?.strip_prefix('/')?;
        let (lease, number) = text.split_once('/')?;
        let key = Self { lease: i64::from_str_radix(lease, 16).ok()?, number: number.parse().ok()? };
        // There is one way to write it.
        (key.to_bytes(queue) == bytes).then_some(key)
    }
}

impl Label {
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let user = self.user.iter().map(|user| format!("\n{}", user.name()));
        format!("{} {}{}", self.session, self.server, user.collect::<String>()).into_bytes()
    }

    /// Reads what anybody may have written: what could be no name is shown as question marks.
    pub(super) fn parse(bytes: &[u8]) -> Self {
        let fine = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./ ".contains(&byte);
        let mut lines = bytes.splitn(2, |byte| *byte == b'\n');
        let (whose, user) = (lines.next().unwrap_or_default(), lines.next());
        let user = user.and_then(|user| User::parse(str::from_utf8(user).ok()?));
        let shown = whose.iter().take(SERVER).map(|byte| if fine(*byte) { char::from(*byte) } else { '?' });
        let text: String = shown.collect();
        match text.split_once(' ') {
            Some((session, server)) => {
                Self { session: session.parse().unwrap_or(0), server: server.to_owned(), user }
            }
            None => Self { session: 0, server: text, user },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_as_it_was_written_and_nothing_else_is_one() {
        let key = Key { lease: 0x7587_8c1d_ab12, number: 7 };
        let bytes = key.to_bytes("fila");
        assert_eq!(bytes, b"fila/000075878c1dab12/00000000000000000007");
        assert_eq!(Key::parse(&bytes, "fila"), Some(key));
        for other in [
            "fila",
            "fila/",
            "fila/000075878c1dab12",
            "fila/000075878c1dab12/7",
            "fila/75878c1dab12/00000000000000000007",
            "fila/000075878C1DAB12/00000000000000000007",
            "fila/-00075878c1dab12/00000000000000000007",
            "fila/000075878c1dab12/000000000000000000070",
            "outra/000075878c1dab12/00000000000000000007",
        ] {
            assert_eq!(Key::parse(other.as_bytes(), "fila"), None, "{other}");
        }
        assert_eq!(Key::parse(b"fila/\xff", "fila"), None);
    }

    #[test]
    fn a_label_is_read_whatever_it_is() {
        let user = User::parse("joão da fila");
        for label in [
            Label { session: 17, server: "a".into(), user: None },
            Label { session: 17, server: "a".into(), user },
        ] {
            assert_eq!(Label::parse(&label.to_bytes()), label);
        }
        assert_eq!(Label::parse(b"x"), Label { session: 0, server: "x".into(), user: None });
        for no_name in [
            b"1 a\n\xff".as_slice(),
            b"1 a\n",
            b"1 a\nb\nc",
            b"1 a\n b",
            &[b"1 a\n", [b'b'; 5000].as_slice()].concat(),
        ] {
            assert_eq!(Label::parse(no_name), Label { session: 1, server: "a".into(), user: None });
        }
        assert_eq!(Label::parse(&[0xff; 5000]).server, "?".repeat(SERVER));
        assert_eq!(Label::parse(b"1 \"a\\\t").server, "?a??");
    }
}
