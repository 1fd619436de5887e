//! How many wait from each address.

use std::collections::HashMap;
use std::net::IpAddr;

/// Counts those who wait by address.
#[derive(Debug, Default)]
pub(super) struct Crowd {
    counts: HashMap<Network, usize>,
}

/// What counts as one address: of IPv6 the /64 network, as one visitor commonly has a whole one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Network(u64);

impl From<IpAddr> for Network {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V6(v6) => Self((v6.to_bits() >> 64) as u64),
            // No IPv6 network begins so: these addresses are the mapped ones, which are IPv4's (RFC 4291 §2.5.5).
            IpAddr::V4(v4) => Self(0xffff << 32 | u64::from(v4.to_bits())),
        }
    }
}

impl Crowd {
    /// How many wait from there.
    pub(super) fn count(&self, from: Network) -> usize {
        self.counts.get(&from).copied().unwrap_or(0)
    }

    pub(super) fn enter(&mut self, from: Network) {
        *self.counts.entry(from).or_default() += 1;
    }

    pub(super) fn leave(&mut self, from: Network) {
        if let Some(count) = self.counts.get_mut(&from) {
            *count -= 1;
            if *count == 0 {
                self.counts.remove(&from);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> Network {
        text.parse::<IpAddr>().unwrap().into()
    }

    #[test]
    fn a_64_network_is_one_address_and_is_forgotten_when_all_left() {
        let mut crowd = Crowd::default();
        crowd.enter(ip("2001:db8::1"));
        assert_eq!(crowd.count(ip("2001:db8::2")), 1);
        assert_eq!(crowd.count(ip("2001:db8:0:1::1")), 0);
        crowd.leave(ip("2001:db8::2"));
        assert!(crowd.counts.is_empty());
    }

    #[test]
    fn a_mapped_address_is_the_address_itself() {
        let mut crowd = Crowd::default();
        crowd.enter(ip("::ffff:192.0.2.1"));
        assert_eq!(crowd.count(ip("192.0.2.1")), 1);
        assert_eq!(crowd.count(ip("192.0.2.2")), 0);
        assert_eq!(crowd.count(ip("0:0:c000:201::1")), 0, "the same bits, but IPv6");
    }
}
