//! Where to connect, as a URL.

use std::path::PathBuf;
use std::str::FromStr;

use super::serial::line::SerialLine;

/// Something that is connected to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A TCP server: `tcp://HOST:PORT`.
    Tcp(String),
    /// A Unix socket: `unix:PATH`.
    Unix(PathBuf),
    /// A serial device: `serial:PATH?baud=115200&…`.
    Serial(Box<SerialLine>),
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(line) = text.strip_prefix("serial:") {
            return line.parse().map(Box::new).map(Self::Serial);
        }
        if let Some(path) = text.strip_prefix("unix:").filter(|path| !path.is_empty()) {
            return if cfg!(unix) {
                Ok(Self::Unix(path.into()))
            } else {
                Err("this system has no Unix sockets; write tcp://HOST:PORT".to_owned())
            };
        }
        let place = text.strip_prefix("tcp://").ok_or("write tcp://HOST:PORT, unix:PATH or serial:PATH")?;
        match place.rsplit_once(':') {
            Some((host, port)) if !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0) => {
                Ok(Self::Tcp(place.to_owned()))
            }
            _ => Err(format!("{place:?} is no HOST:PORT; write tcp://127.0.0.1:4000")),
        }
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Tcp(place) => write!(f, "tcp://{place}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Serial(line) => line.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Target;

    #[test]
    fn a_url_names_a_place_or_is_refused_with_what_to_write() {
        let tcp = Ok(Target::Tcp("[::1]:4000".to_owned()));
        assert_eq!("tcp://[::1]:4000".parse(), tcp);
        for text in [
            "udp://x:1",
            "tcp://x",
            "tcp://:1",
            "tcp://x:0",
            "tcp://x:99999",
            "unix:",
            "serial:",
            "serial:x?baud=0",
            "",
        ] {
            assert!(text.parse::<Target>().is_err(), "{text}");
        }
    }
}
