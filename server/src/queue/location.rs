//! Where the queue is kept: in this process, or in etcd for several servers.

use std::str::FromStr;
use std::time::Duration;

/// The shortest time to live of a lease: etcd grants none that is shorter than one and a half elections.
const SHORTEST_TTL: Duration = Duration::from_secs(2);

/// The longest: so long nobody has the turn after a server died with it.
const LONGEST_TTL: Duration = Duration::from_secs(600);

/// Where the queue is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Location {
    /// In this process.
    #[default]
    Local,
    /// In etcd, with other servers: `etcd://HOST:PORT[,HOST:PORT…]/NAME[?ttl=10s&server=LABEL]`.
    Etcd(Cluster),
}

/// A queue in etcd.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cluster {
    /// The members of the cluster, as `HOST:PORT`; one of them is spoken to at a time.
    pub endpoints: Vec<String>,
    /// What the queue's keys begin with.
    pub name: String,
    /// How long a server's tickets outlive it.
    pub ttl: Duration,
    /// What the server is called in `/queue`; its host and process if nothing is said.
    pub server: Option<String>,
}

/// What happens to new clients while etcd is away.
#[cfg(feature = "etcd")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Outage {
    /// They wait until it is back.
    #[default]
    Wait,
    /// They are told to try again later.
    Refuse,
}

impl FromStr for Location {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "local" {
            return Ok(Self::Local);
        }
        let rest = text
            .strip_prefix("etcd://")
            .ok_or("write local, or etcd://127.0.0.1:2379/NAME for a queue that several servers share")?;
        if cfg!(not(feature = "etcd")) {
            return Err("this vez-server was built without etcd; build it with `--features etcd`".to_owned());
        }
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (members, name) = place.split_once('/').unwrap_or((place, ""));
        let endpoints = members.split(',').map(endpoint).collect::<Result<_, _>>()?;
        if !is_name(name) {
            return Err(format!(
                "{name:?} is no queue's name; write etcd://{members}/NAME, of letters, digits, '-', '_', '.' and '/'"
            ));
        }
        let name = name.to_owned();
        let mut cluster = Cluster { endpoints, name, ttl: Duration::from_secs(10), server: None };
        for setting in query.split('&').filter(|setting| !setting.is_empty()) {
            match setting.split_once('=') {
                Some(("ttl", value)) => cluster.ttl = ttl(value)?,
                Some(("server", value)) if is_name(value) => cluster.server = Some(value.to_owned()),
                _ => return Err(format!("{setting:?} is no setting; there are ttl=10s and server=LABEL")),
            }
        }
        Ok(Self::Etcd(cluster))
    }
}

fn endpoint(text: &str) -> Result<String, String> {
    match text.rsplit_once(':') {
        Some((host, port)) if !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0) => {
            Ok(text.to_owned())
        }
        _ => Err(format!("{text:?} is no HOST:PORT; write etcd://127.0.0.1:2379/NAME")),
    }
}

/// Whether it can be a part of a key and is no surprise in a log.
fn is_name(text: &str) -> bool {
    let fine = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    !text.is_empty() && text.len() <= 200 && text.chars().all(fine) && !text.ends_with('/')
}

fn ttl(text: &str) -> Result<Duration, String> {
    let ttl = crate::units::time(text)?;
    if ttl < SHORTEST_TTL || ttl > LONGEST_TTL || ttl.subsec_nanos() != 0 {
        return Err(format!("ttl={text} must be whole seconds, from 2s to 10m"));
    }
    Ok(ttl)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "etcd")]
    #[test]
    fn an_address_names_members_a_queue_and_what_differs_from_the_standard() {
        let cluster = Cluster {
            endpoints: vec!["127.0.0.1:2379".into(), "[::1]:2380".into()],
            name: "banca/1".into(),
            ttl: Duration::from_secs(2),
            server: Some("a".into()),
        };
        let text = "etcd://127.0.0.1:2379,[::1]:2380/banca/1?ttl=2s&server=a";
        assert_eq!(text.parse(), Ok(Location::Etcd(cluster)));
        let Ok(Location::Etcd(usual)) = "etcd://etcd:2379/fila".parse() else { panic!("a plain address") };
        assert_eq!((usual.ttl, usual.server), (Duration::from_secs(10), None));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        assert_eq!("local".parse(), Ok(Location::Local));
        for text in [
            "",
            "Local",
            "etcd://",
            "etcd://a:1",
            "etcd://a:1/",
            "etcd://a/x",
            "etcd://a:0/x",
            "etcd://a:1,/x",
            "etcd://a:1/x y",
            "etcd://a:1/x?ttl=1s",
            "etcd://a:1/x?ttl=2500ms",
            "etcd://a:1/x?ttl",
            "etcd://a:1/x?server=",
            "http://a:1/x",
        ] {
            assert!(text.parse::<Location>().is_err(), "{text}");
        }
    }

    #[cfg(not(feature = "etcd"))]
    #[test]
    fn without_the_feature_one_line_says_how_to_get_it() {
        let refusal = "etcd://127.0.0.1:2379/fila".parse::<Location>().unwrap_err();
        assert!(refusal.contains("--features etcd") && !refusal.contains('\n'), "{refusal}");
    }
}
