//! The names by which a program and its script know each other.

use std::collections::{BTreeMap, BTreeSet};

/// How many digits wasm-bindgen puts behind a name, so that those of several crates differ.
const HASH: usize = 16;

/// Numbers what the program imports from its script instead of hashing it, where two have the same name: what is
/// random cannot be compressed. The names are as long as before, so that the program needs no other change.
pub(super) fn number(script: &mut [u8], program: &mut [u8]) {
    let mut numbered = BTreeMap::<_, u64>::new();
    let mut names = BTreeMap::new();
    for name in script.split(|byte| !is_of_name(byte)).filter(|name| is_hashed(name)).collect::<BTreeSet<_>>()
    {
        let plain = &name[..name.len() - HASH];
        let next = numbered.entry(plain).or_insert(0);
        let new = [plain, format!("{next:0HASH$x}").as_bytes()].concat();
        *next += 1;
        names.insert(name.to_owned(), new);
    }
    rename(script, &names);
    rename(program, &names);
}

fn rename(bytes: &mut [u8], names: &BTreeMap<Vec<u8>, Vec<u8>>) {
    for at in 0..bytes.len() {
        if !bytes[at..].starts_with(b"__wb") {
            continue;
        }
        // In the program, what follows may look like a part of the name.
        let longest = bytes[at..].iter().take_while(|byte| is_of_name(byte)).count();
        let new = (HASH..=longest).find_map(|length| names.get(&bytes[at..at + length]));
        if let Some(new) = new {
            bytes[at..at + new.len()].copy_from_slice(new);
        }
    }
}

fn is_of_name(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || *byte == b'_'
}

fn is_hashed(name: &[u8]) -> bool {
    let hash = name.strip_prefix(b"__wb").and_then(|rest| rest.split_last_chunk::<HASH>());
    hash.is_some_and(|(plain, hash)| plain.ends_with(b"_") && hash.iter().all(u8::is_ascii_hexdigit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_numbered_on_both_sides() {
        let mut script = b"__wbg_get_0123456789abcdef: a, __wbg_get_1123456789abcdef: b, \
            __wbg_set_2123456789abcdef() {}, __wbindgen_cast_0000000000000001, get_3123456789abcdef"
            .to_vec();
        // A name's length before it, and what is imported after it.
        let mut program = b"\x1a__wbg_set_2123456789abcdef\x00\x1a__wbg_get_1123456789abcdef0\
            \x1a__wbg_get_4123456789abcdef"
            .to_vec();
        number(&mut script, &mut program);
        let (script, program) = (String::from_utf8(script).unwrap(), String::from_utf8(program).unwrap());
        assert_eq!(
            script,
            "__wbg_get_0000000000000000: a, __wbg_get_0000000000000001: b, \
            __wbg_set_0000000000000000() {}, __wbindgen_cast_0000000000000000, get_3123456789abcdef"
        );
        assert_eq!(
            program,
            "\x1a__wbg_set_0000000000000000\x00\x1a__wbg_get_00000000000000010\
            \x1a__wbg_get_4123456789abcdef"
        );
    }
}
