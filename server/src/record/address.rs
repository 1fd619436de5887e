//! Addresses as Python prints them, for the transcript.

use std::fmt;
use std::net::SocketAddr;

/// `('127.0.0.1', 55315)`, or `('::1', 55315, 0, 0)` for IPv6.
pub(super) struct PythonAddress(pub(super) SocketAddr);

impl fmt::Display for PythonAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            SocketAddr::V4(v4) => write!(f, "('{}', {})", v4.ip(), v4.port()),
            SocketAddr::V6(v6) => {
                write!(f, "('{}', {}, {}, {})", v6.ip(), v6.port(), v6.flowinfo(), v6.scope_id())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::PythonAddress;

    #[test]
    fn both_families_look_as_in_python() {
        let shown = |address: &str| PythonAddress(address.parse().unwrap()).to_string();
        assert_eq!(shown("127.0.0.1:55315"), "('127.0.0.1', 55315)");
        assert_eq!(shown("[::1]:55315"), "('::1', 55315, 0, 0)");
    }
}
