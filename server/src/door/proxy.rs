//! Which address a request came from, behind proxies that are trusted to say so.

use std::net::{IpAddr, SocketAddr};

use axum::http::HeaderMap;
use axum::http::header::{FORWARDED, HeaderName};
use ipnet::IpNet;

use super::Settings;

/// The header in which a proxy names its client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum ProxyHeader {
    /// `X-Forwarded-For`, as nginx and HAProxy write it.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

/// The proxies that are believed, and where they write whom they speak for.
#[derive(Clone, Debug)]
pub(crate) struct Proxies {
    trusted: Vec<IpNet>,
    header: ProxyHeader,
}

impl Proxies {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self { trusted: settings.trusted_proxy.clone(), header: settings.proxy_header }
    }

    /// Whether an address is a trusted proxy's, which speaks for many.
    pub(crate) fn trusts(&self, address: IpAddr) -> bool {
        self.trusted.iter().any(|net| net.contains(&address.to_canonical()))
    }

    /// The address that a request came from: the last hop that no trusted proxy is.
    ///
    /// The header is believed only as far as trusted proxies wrote it: from the right (RFC 7239 §7.4). Another
    /// header is the client's own, which proxies pass on.
    pub(crate) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut address = peer;
        let mut hops = self.hops(headers).into_iter().rev();
        while self.trusts(address) {
            match hops.next() {
                Some(Some(hop)) => address = hop,
                Some(None) | None => break,
            }
        }
        address
    }

    /// The hops in their order; `None` for what is no address.
    fn hops(&self, headers: &HeaderMap) -> Vec<Option<IpAddr>> {
        let (name, read): (HeaderName, fn(&str) -> Option<IpAddr>) = match self.header {
            ProxyHeader::XForwardedFor => (HeaderName::from_static("x-forwarded-for"), hop),
            ProxyHeader::Forwarded => (FORWARDED, forwarded_for),
        };
        let values = headers.get_all(name).into_iter().map(|value| value.to_str().unwrap_or_default());
        values.flat_map(|value| value.split(',')).map(read).collect()
    }
}

fn forwarded_for(element: &str) -> Option<IpAddr> {
    let pairs = element.split(';').filter_map(|pair| pair.trim().split_once('='));
    let mut named = pairs.filter(|(name, _)| name.eq_ignore_ascii_case("for"));
    hop(named.next()?.1)
}

/// `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]:80`, each perhaps in quotes.
fn hop(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_matches('"');
    let address = text.parse().ok();
    address.or_else(|| text.parse().ok().map(|socket: SocketAddr| socket.ip())).or_else(|| {
        let bare = text.strip_prefix('[')?.strip_suffix(']')?;
        bare.parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn behind(header: ProxyHeader, peer: &str, lines: &[(&'static str, &str)]) -> IpAddr {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, value.parse().unwrap());
        }
        let trusted = vec!["10.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()];
        Proxies { trusted, header }.client(ip(peer), &headers)
    }

    #[test]
    fn the_last_hop_that_is_no_trusted_proxy_counts() {
        let behind = |peer, values: &[&'static str]| {
            let lines: Vec<_> = values.iter().map(|value| ("x-forwarded-for", *value)).collect();
            behind(ProxyHeader::XForwardedFor, peer, &lines)
        };
        assert_eq!(behind("10.0.0.1", &["6.6.6.6, 192.0.2.1"]), ip("192.0.2.1"));
        assert_eq!(behind("10.0.0.1", &["6.6.6.6, 192.0.2.1, 10.9.9.9"]), ip("192.0.2.1"));
        assert_eq!(behind("10.0.0.1", &["6.6.6.6", "192.0.2.1:99"]), ip("192.0.2.1"));
        assert_eq!(behind("192.0.2.9", &["6.6.6.6"]), ip("192.0.2.9"));
        assert_eq!(behind("10.0.0.1", &[]), ip("10.0.0.1"));
        assert_eq!(behind("10.0.0.1", &["6.6.6.6, lixo"]), ip("10.0.0.1"));
    }

    #[test]
    fn the_standard_header_where_the_operator_says_so() {
        let behind = |peer, value| behind(ProxyHeader::Forwarded, peer, &[("forwarded", value)]);
        assert_eq!(behind("::1", "for=6.6.6.6, for=\"[2001:db8::1]:80\";proto=https"), ip("2001:db8::1"));
        assert_eq!(behind("10.0.0.1", "For=192.0.2.1"), ip("192.0.2.1"));
        assert_eq!(behind("10.0.0.1", "proto=https;by=1.1.1.1"), ip("10.0.0.1"));
        assert_eq!(behind("10.0.0.1", "for=unknown"), ip("10.0.0.1"));
    }

    #[test]
    fn a_header_that_the_proxy_does_not_set_is_the_clients_own() {
        let both = [("x-forwarded-for", "192.0.2.1"), ("forwarded", "for=7.7.7.1")];
        assert_eq!(behind(ProxyHeader::XForwardedFor, "10.0.0.1", &both), ip("192.0.2.1"));
        assert_eq!(behind(ProxyHeader::Forwarded, "10.0.0.1", &both), ip("7.7.7.1"));
    }
}
