//! Reads the OpenMetrics text format 1.0, and refuses what is none.

use std::collections::{BTreeMap, BTreeSet};

/// What was exposed.
pub(crate) struct Exposition {
    /// The type of each family.
    pub(crate) families: BTreeMap<String, String>,
    /// The value of each sample, by its name and labels.
    pub(crate) samples: BTreeMap<String, f64>,
}

impl Exposition {
    /// Reads a whole exposition; fails the test where it breaks the format's rules.
    pub(crate) fn parse(text: &str) -> Self {
        let body = text.strip_suffix("# EOF\n").expect("ends in # EOF");
        let mut read = Self { families: BTreeMap::new(), samples: BTreeMap::new() };
        let (mut described, mut family) = (BTreeSet::new(), String::new());
        for line in body.lines() {
            if let Some(descriptor) = line.strip_prefix("# ") {
                let [keyword, name, value] =
                    descriptor.splitn(3, ' ').collect::<Vec<_>>().try_into().expect(line);
                assert!(described.insert(format!("{keyword} {name}")), "twice: {line}");
                match keyword {
                    "TYPE" => drop(read.families.insert(name.to_owned(), value.to_owned())),
                    "UNIT" => assert!(name.ends_with(&format!("_{value}")), "{line}"),
                    keyword => assert_eq!(keyword, "HELP", "{line}"),
                }
                assert!(family == name || !read.samples.keys().any(|key| key.starts_with(name)), "{line}");
                name.clone_into(&mut family);
            } else {
                read.sample(line, &family);
            }
        }
        read.check_histograms();
        read
    }

    /// The value of a sample, as `name{label="value"}`.
    pub(crate) fn value(&self, sample: &str) -> f64 {
        *self.samples.get(sample).unwrap_or_else(|| panic!("no {sample} in {:#?}", self.samples))
    }

    /// The names of all samples, without labels.
    pub(crate) fn names(&self) -> BTreeSet<&str> {
        self.samples.keys().map(|key| key.split('{').next().unwrap_or(key)).collect()
    }

    /// The values of one family's samples, by the one label that they have.
    pub(crate) fn by_label(&self, name: &str, label: &str) -> BTreeMap<&str, f64> {
        let start = format!("{name}{{{label}=\"");
        let samples = self.samples.iter();
        samples
            .filter_map(|(key, value)| Some((key.strip_prefix(&start)?.strip_suffix("\"}")?, *value)))
            .collect()
    }

    /// The dashboard shows what is served: every name in it that should be there exists, and every family has a panel.
    pub(crate) fn expect_on_dashboard(&self, expected: impl Fn(&str) -> bool) {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/grafana/vez.json");
        let dashboard: serde_json::Value =
            serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
        let panels = dashboard["panels"].as_array().unwrap();
        let targets = panels.iter().flat_map(|panel| panel["targets"].as_array().unwrap());
        let exprs: Vec<&str> = targets.map(|target| target["expr"].as_str().unwrap()).collect();
        let words =
            exprs.iter().flat_map(|expr| expr.split(|c: char| !c.is_ascii_alphanumeric() && c != '_'));
        let used: Vec<&str> = words.filter(|word| word.starts_with("vez_")).collect();
        let missing = used.iter().find(|name| expected(name) && !self.names().contains(**name));
        assert_eq!(missing, None, "{:?}", self.names());
        for family in self.families.keys() {
            assert!(used.iter().any(|name| name.starts_with(family)), "no panel shows {family}");
        }
    }

    fn sample(&mut self, line: &str, family: &str) {
        let (sample, value) = line.rsplit_once(' ').expect(line);
        let name = sample.split('{').next().expect("a split has a first part");
        let suffix = name.strip_prefix(family).unwrap_or_else(|| panic!("{line} is of no {family}"));
        let suffixes = match self.families[family].as_str() {
            "gauge" => &[""][..],
            "counter" => &["_total"],
            "histogram" => &["_bucket", "_count", "_sum"],
            other => panic!("{other} is not expected"),
        };
        assert!(suffixes.contains(&suffix), "{line}");
        let before = self.samples.insert(sample.to_owned(), value.parse().expect(line));
        assert_eq!(before, None, "twice: {line}");
    }

    /// Buckets are cumulative, and the last is everything.
    fn check_histograms(&self) {
        for (family, _) in self.families.iter().filter(|(_, kind)| *kind == "histogram") {
            let bucket = format!("{family}_bucket");
            let mut buckets: Vec<(f64, f64)> = (self.by_label(&bucket, "le").into_iter())
                .map(|(bound, count)| (bound.parse().expect("a bound is a number"), count))
                .collect();
            buckets.sort_by(|one, other| one.0.total_cmp(&other.0));
            assert!(buckets.is_sorted_by_key(|(_, count)| *count), "{buckets:?}");
            let (bound, all) = *buckets.last().expect("a histogram has buckets");
            assert!(bound.is_infinite() && all == self.value(&format!("{family}_count")), "{buckets:?}");
        }
    }
}
