//! Who may speak to the HTTP port: defends the page's users against DNS rebinding and cross-site WebSocket
//! hijacking (CWE-1385, CWE-350).

use std::net::IpAddr;
use std::str::FromStr;

use axum::http::header::{HOST, ORIGIN};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Uri};

/// The hosts and origins that may be named in requests.
#[derive(Clone, Debug)]
pub(crate) struct Guard {
    /// Where the listener is bound.
    bound: IpAddr,
    hosts: Vec<String>,
    origins: Vec<Origin>,
}

/// A web origin (RFC 6454): scheme, host and port, nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    scheme: String,
    place: Place,
}

/// A host and, unless it is the scheme's own, a port.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    /// In lower case, without brackets; addresses in their one canonical form.
    host: String,
    port: Option<u16>,
}

/// Why a request is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refused {
    /// No Host, several, or one that is none (RFC 9112 §3.2).
    #[error("o cabeçalho Host falta ou está malformado")]
    MalformedHost,
    /// A host that the server does not go by.
    #[error("o host {0:?} não é deste servidor; --allow-host {0} o permitiria")]
    Host(String),
    /// A page of another host.
    #[error("páginas de {0:?} não podem conectar; --allow-origin {0} as permitiria")]
    Origin(String),
}

impl Guard {
    pub(crate) fn new(bound: IpAddr, hosts: &[String], origins: &[Origin]) -> Self {
        let hosts = hosts.iter().map(|host| canonical(host)).collect();
        Self { bound, hosts, origins: origins.to_vec() }
    }

    /// Checks the host that a request names, in its target or its Host header (RFC 9112 §3.2.2).
    pub(crate) fn check_host(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), Refused> {
        let header = sole(headers, HOST.as_str()).ok_or(Refused::MalformedHost)?;
        let named = uri.authority().map_or(header, Authority::as_str);
        for place in [named, header] {
            let place = Place::parse(place).ok_or(Refused::MalformedHost)?;
            if !self.goes_by(&place.host) {
                return Err(Refused::Host(place.host));
            }
        }
        Ok(())
    }

    /// Checks the page that asks for a WebSocket; tools, which send no Origin, may.
    pub(crate) fn check_origin(&self, headers: &HeaderMap) -> Result<(), Refused> {
        if !headers.contains_key(ORIGIN) {
            return Ok(());
        }
        let text = sole(headers, ORIGIN.as_str()).unwrap_or("?");
        let refused = || Refused::Origin(text.to_owned());
        let origin = text.parse::<Origin>().map_err(|_| refused())?;
        let own = sole(headers, HOST.as_str()).and_then(Place::parse);
        let is_own = own.is_some_and(|own| own.without_default(&origin.scheme) == origin.place);
        if is_own || self.origins.contains(&origin) { Ok(()) } else { Err(refused()) }
    }

    /// Whether the server goes by `host`: an address that it is bound to, or a name that it was given.
    ///
    /// An attacker's name can be made to resolve to this server, its pages cannot be made to name an address.
    fn goes_by(&self, host: &str) -> bool {
        let address: Option<IpAddr> = host.parse().ok();
        let by_address = match address {
            Some(address) if self.bound.is_unspecified() => !address.is_unspecified(),
            Some(address) if self.bound.is_loopback() => address.is_loopback(),
            Some(address) => address == self.bound,
            None => (self.bound.is_loopback() || self.bound.is_unspecified()) && host == "localhost",
        };
        by_address || self.hosts.iter().any(|allowed| allowed == host)
    }
}

impl Place {
    /// Reads `host[:port]`; nothing with a user, which no such header may have.
    fn parse(text: &str) -> Option<Self> {
        let authority = Authority::from_str(text).ok()?;
        let port = match text.rsplit_once(':') {
            Some((_, digits)) if !digits.ends_with(']') => Some(digits.parse().ok()?),
            _ => None,
        };
        if text.contains('@') || authority.host().is_empty() {
            return None;
        }
        Some(Self { host: canonical(authority.host()), port })
    }

    fn without_default(mut self, scheme: &str) -> Self {
        let default = if scheme == "https" { 443 } else { 80 };
        self.port = self.port.filter(|port| *port != default);
        self
    }
}

impl FromStr for Origin {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let expected = "an origin is written http://host or https://host:port";
        let (scheme, place) = text.split_once("://").ok_or(expected)?;
        let scheme = scheme.to_ascii_lowercase();
        if !matches!(scheme.as_str(), "http" | "https") {
            return Err(expected);
        }
        let place = Place::parse(place).ok_or(expected)?.without_default(&scheme);
        Ok(Self { scheme, place })
    }
}

/// A host in the one form in which hosts are compared.
fn canonical(host: &str) -> String {
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    match bare.parse::<IpAddr>() {
        Ok(address) => address.to_string(),
        Err(_) => host.to_ascii_lowercase(),
    }
}

/// The value of a header that must come once and be text.
fn sole<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard(bound: &str) -> Guard {
        let origins = ["https://Outro.example".parse().unwrap()];
        Guard::new(bound.parse().unwrap(), &["Vez.example".to_owned()], &origins)
    }

    fn host_at(bound: &str, target: &str, hosts: &[&str]) -> Result<(), Refused> {
        let mut headers = HeaderMap::new();
        for host in hosts {
            headers.append(HOST, host.parse().unwrap());
        }
        guard(bound).check_host(&target.parse().unwrap(), &headers)
    }

    fn origin(host: &str, origin: &str) -> Result<(), Refused> {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, host.parse().unwrap());
        headers.insert(ORIGIN, origin.parse().unwrap());
        guard("127.0.0.1").check_origin(&headers)
    }

    #[test]
    fn on_loopback_the_host_is_localhost_or_a_loopback_address() {
        for host in [
            "localhost",
            "LocalHost:8080",
            "127.0.0.1",
            "127.0.0.1:9",
            "[::1]",
            "[::1]:8080",
            "[0:0:0:0:0:0:0:1]:1",
            "vez.example",
            "VEZ.EXAMPLE:443",
        ] {
            assert_eq!(host_at("127.0.0.1", "/", &[host]), Ok(()), "{host}");
        }
        for host in [
            "evil.example",
            "localhost.evil.example",
            "localhost.",
            "evil.localhost",
            "127.0.0.1.evil.example",
            "127.1",
            "2130706433",
            "0x7f.0.0.1",
            "10.0.0.1",
            "0.0.0.0",
            "[::2]",
            "[::ffff:10.0.0.1]",
            "x.vez.example",
        ] {
            assert!(matches!(host_at("127.0.0.1", "/", &[host]), Err(Refused::Host(_))), "{host}");
        }
    }

    #[test]
    fn a_host_that_is_none_is_malformed() {
        for host in
            ["", "a b", "user@localhost", "localhost:port", "localhost:99999", "localhost:", "::1", "[::1"]
        {
            assert_eq!(host_at("127.0.0.1", "/", &[host]), Err(Refused::MalformedHost), "{host}");
        }
        assert_eq!(host_at("127.0.0.1", "/", &[]), Err(Refused::MalformedHost));
        assert_eq!(host_at("127.0.0.1", "/", &["localhost", "localhost"]), Err(Refused::MalformedHost));
    }

    #[test]
    fn an_absolute_target_must_name_this_server_too() {
        assert_eq!(host_at("127.0.0.1", "http://localhost:8080/", &["localhost:8080"]), Ok(()));
        assert!(host_at("127.0.0.1", "http://evil.example/", &["localhost"]).is_err());
        assert!(host_at("127.0.0.1", "http://localhost/", &["evil.example"]).is_err());
    }

    #[test]
    fn bound_elsewhere_the_host_is_an_address_of_the_server() {
        assert_eq!(host_at("192.0.2.7", "/", &["192.0.2.7:80"]), Ok(()));
        assert!(host_at("192.0.2.7", "/", &["192.0.2.8"]).is_err());
        assert!(host_at("192.0.2.7", "/", &["localhost"]).is_err());
        for host in ["192.0.2.8", "localhost", "[2001:db8::1]"] {
            assert_eq!(host_at("0.0.0.0", "/", &[host]), Ok(()), "{host}");
        }
        assert!(host_at("0.0.0.0", "/", &["evil.example"]).is_err());
    }

    #[test]
    fn pages_of_this_host_may_connect() {
        for (host, page) in [
            ("localhost:8080", "http://localhost:8080"),
            ("LOCALHOST", "http://localhost:80"),
            ("localhost:443", "https://localhost"),
            ("[::1]:8080", "http://[0:0:0:0:0:0:0:1]:8080"),
            ("localhost:8080", "https://outro.example"),
            ("localhost:8080", "https://outro.example:443"),
        ] {
            assert_eq!(origin(host, page), Ok(()), "{page} at {host}");
        }
    }

    #[test]
    fn other_pages_may_not() {
        for page in [
            "null",
            "",
            "?",
            "http://evil.example",
            "http://localhost",
            "http://localhost:8081",
            "http://127.0.0.1:8080",
            "http://sub.localhost:8080",
            "http://localhost:8080.evil.example",
            "http://localhost:8080@evil.example",
            "http://user@localhost:8080",
            "http://localhost:8080/",
            "http://localhost:8080 http://evil.example",
            "file://localhost:8080",
            "http://outro.example",
            "https://outro.example:444",
            "//localhost:8080",
        ] {
            assert!(matches!(origin("localhost:8080", page), Err(Refused::Origin(_))), "{page}");
        }
    }

    #[test]
    fn tools_send_no_origin_and_may_connect() {
        assert_eq!(guard("127.0.0.1").check_origin(&HeaderMap::new()), Ok(()));
    }
}
