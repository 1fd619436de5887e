//! How many from one address may wait, and which address that is behind a proxy.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::http::HeaderMap;
use axum::http::header::FORWARDED;
use ipnet::IpNet;

/// Counts who waits by address; clones share the count.
#[derive(Clone, Debug, Default)]
pub(crate) struct Visitors {
    counts: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

/// One counted visitor; dropping it counts it no more.
#[derive(Debug)]
pub(crate) struct Visit {
    visitors: Visitors,
    address: IpAddr,
}

impl Visitors {
    /// Counts a visitor, unless `most` from its address are here already.
    pub(crate) fn enter(&self, address: IpAddr, most: usize) -> Option<Visit> {
        let address = network(address);
        let mut counts = self.lock();
        let count = counts.entry(address).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(Visit { visitors: self.clone(), address })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        // Every critical section leaves the counts whole, even one that panics.
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        let mut counts = self.visitors.lock();
        if let Some(count) = counts.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.address);
            }
        }
    }
}

/// What counts as one address: of IPv6 the network, as one visitor commonly has a whole /64.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64))),
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// The address that a request came from: the last hop that no trusted proxy is.
///
/// Headers are believed only as far as trusted proxies wrote them: from the right (RFC 7239 §7.4).
pub(crate) fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|net| net.contains(&address.to_canonical()));
    let mut address = peer;
    let mut hops = hops(headers).into_iter().rev();
    while is_trusted(address) {
        match hops.next() {
            Some(Some(hop)) => address = hop,
            Some(None) | None => break,
        }
    }
    address
}

/// The hops of `Forwarded` (RFC 7239), or else of `X-Forwarded-For`; `None` for what is no address.
fn hops(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    let name = if headers.contains_key(FORWARDED) { FORWARDED.as_str() } else { "x-forwarded-for" };
    let values = headers.get_all(name).into_iter().map(|value| value.to_str().unwrap_or_default());
    let elements = values.flat_map(|value| value.split(','));
    if name == "x-forwarded-for" {
        elements.map(hop).collect()
    } else {
        elements.map(forwarded_for).collect()
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
    address.or_else(|| text.parse().ok().map(|socket: std::net::SocketAddr| socket.ip())).or_else(|| {
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

    #[test]
    fn as_many_as_may_and_not_one_more() {
        let visitors = Visitors::default();
        let first = visitors.enter(ip("192.0.2.1"), 2).unwrap();
        let _second = visitors.enter(ip("::ffff:192.0.2.1"), 2).unwrap();
        assert!(visitors.enter(ip("192.0.2.1"), 2).is_none());
        assert!(visitors.enter(ip("192.0.2.2"), 2).is_some());
        drop(first);
        assert!(visitors.enter(ip("192.0.2.1"), 2).is_some());
    }

    #[test]
    fn a_64_network_is_one_address_and_is_forgotten_when_all_left() {
        let visitors = Visitors::default();
        let visit = visitors.enter(ip("2001:db8::1"), 1).unwrap();
        assert!(visitors.enter(ip("2001:db8::2"), 1).is_none());
        assert!(visitors.enter(ip("2001:db8:0:1::1"), 1).is_some());
        drop(visit);
        assert!(visitors.lock().is_empty());
    }

    fn behind(peer: &str, name: &'static str, values: &[&str]) -> IpAddr {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(name, value.parse().unwrap());
        }
        let trusted = ["10.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()];
        client_address(ip(peer), &headers, &trusted)
    }

    #[test]
    fn the_last_hop_that_is_no_trusted_proxy_counts() {
        let name = "x-forwarded-for";
        assert_eq!(behind("10.0.0.1", name, &["6.6.6.6, 192.0.2.1"]), ip("192.0.2.1"));
        assert_eq!(behind("10.0.0.1", name, &["6.6.6.6, 192.0.2.1, 10.9.9.9"]), ip("192.0.2.1"));
        assert_eq!(behind("10.0.0.1", name, &["6.6.6.6", "192.0.2.1:99"]), ip("192.0.2.1"));
        assert_eq!(behind("192.0.2.9", name, &["6.6.6.6"]), ip("192.0.2.9"));
        assert_eq!(behind("10.0.0.1", name, &[]), ip("10.0.0.1"));
        assert_eq!(behind("10.0.0.1", name, &["6.6.6.6, lixo"]), ip("10.0.0.1"));
    }

    #[test]
    fn the_standard_header_goes_before_the_common_one() {
        let name = "forwarded";
        assert_eq!(
            behind("::1", name, &["for=6.6.6.6, for=\"[2001:db8::1]:80\";proto=https"]),
            ip("2001:db8::1")
        );
        assert_eq!(behind("10.0.0.1", name, &["For=192.0.2.1"]), ip("192.0.2.1"));
        assert_eq!(behind("10.0.0.1", name, &["proto=https;by=1.1.1.1"]), ip("10.0.0.1"));
        assert_eq!(behind("10.0.0.1", name, &["for=unknown"]), ip("10.0.0.1"));
    }
}
