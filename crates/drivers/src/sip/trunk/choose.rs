//! Which trunk carries a call.

use super::state::{Busy, Line, Trunk};
use parking_lot::Mutex;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

/// Why no trunk carries a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unplaced {
    /// None takes such numbers.
    NoneFits,
    /// Those that do are down.
    AllDown,
    /// Those that are up have no free line, or no call left in this second.
    AllBusy,
}

/// All trunks that are switched on.
#[derive(Debug)]
pub(crate) struct Trunks {
    list: Vec<Arc<Trunk>>,
    /// Each trunk's claim to the next call, by name: the one with the greatest is taken, so that shares come out by
    /// weight without chance.
    claims: Mutex<BTreeMap<String, i64>>,
}

impl Trunks {
    pub(crate) fn new(list: Vec<Arc<Trunk>>) -> Self {
        Self { list, claims: Mutex::new(BTreeMap::new()) }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<Trunk>> {
        self.list.iter()
    }

    /// Takes a line: longest prefix first, then lowest priority, then by weight; trunks that are down or full are
    /// passed over, as are those in `tried`.
    pub(crate) fn take(
        &self,
        digits: &str,
        names: &[String],
        tried: &[String],
        now: Instant,
    ) -> Result<Line, Unplaced> {
        let mut ranks: BTreeMap<(Reverse<usize>, u16), Vec<&Arc<Trunk>>> = BTreeMap::new();
        for trunk in &self.list {
            let settings = &trunk.settings;
            if (!names.is_empty() && !names.contains(&settings.name)) || tried.contains(&settings.name) {
                continue;
            }
            if let Some(length) = trunk.matches(digits) {
                ranks.entry((Reverse(length), settings.priority)).or_default().push(trunk);
            }
        }
        let mut why = Unplaced::NoneFits;
        for rank in ranks.into_values() {
            let mut free = Vec::new();
            for trunk in rank {
                match trunk.could_take(now) {
                    Ok(()) => free.push(trunk),
                    Err(Busy::Full) => why = Unplaced::AllBusy,
                    Err(Busy::Down) if why == Unplaced::NoneFits => why = Unplaced::AllDown,
                    Err(Busy::Down) => {}
                }
            }
            // Another call may take the last line between the look and the grasp; then the next one is tried.
            while let Some(index) = self.next_by_weight(&free) {
                match free.swap_remove(index).take(now) {
                    Ok(line) => return Ok(line),
                    Err(_) => why = Unplaced::AllBusy,
                }
            }
        }
        Err(why)
    }

    /// The index of the trunk whose turn it is.
    fn next_by_weight(&self, free: &[&Arc<Trunk>]) -> Option<usize> {
        let mut claims = self.claims.lock();
        let mut total = 0;
        let mut best: Option<(usize, i64)> = None;
        for (index, trunk) in free.iter().enumerate() {
            let weight = i64::from(trunk.settings.weight);
            total += weight;
            let claim = claims.entry(trunk.settings.name.clone()).or_default();
            *claim += weight;
            if best.is_none_or(|(_, most)| *claim > most) {
                best = Some((index, *claim));
            }
        }
        let (index, _) = best?;
        if let Some(claim) = claims.get_mut(&free[index].settings.name) {
            *claim -= total;
        }
        Some(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sip::settings::{SipTimers, TrunkSettings};
    use std::time::Duration;

    fn trunks(list: &[(&str, &[&str], u16, u16)]) -> Trunks {
        let now = Instant::now();
        Trunks::new(
            list.iter()
                .map(|(name, prefixes, priority, weight)| {
                    let settings = TrunkSettings {
                        prefixes: prefixes.iter().map(|prefix| (*prefix).to_owned()).collect(),
                        priority: *priority,
                        weight: *weight,
                        cps: 1000,
                        max_channels: 100,
                        ..TrunkSettings::new(*name, "127.0.0.1:5060", "4930")
                    };
                    let trunk = Arc::new(Trunk::new(settings, &SipTimers::default(), now));
                    trunk.reached();
                    trunk
                })
                .collect(),
        )
    }

    fn name(line: &Line) -> String {
        line.trunk().settings.name.clone()
    }

    #[test]
    fn the_longest_prefix_goes_before_priority_and_what_is_down_is_passed_over() {
        let trunks = trunks(&[("all", &[], 0, 1), ("de", &["49"], 5, 1), ("berlin", &["4930"], 9, 1)]);
        let now = Instant::now() + Duration::from_secs(1);
        let none: &[String] = &[];
        assert_eq!(name(&trunks.take("49301", none, none, now).unwrap()), "berlin");
        assert_eq!(name(&trunks.take("49401", none, none, now).unwrap()), "de");
        assert_eq!(name(&trunks.take("431", none, none, now).unwrap()), "all");
        let later = now + Duration::from_secs(1);
        for _ in 0..3 {
            trunks.list[2].ping_lost();
        }
        assert_eq!(name(&trunks.take("49301", none, none, later).unwrap()), "de");
        assert_eq!(name(&trunks.take("49301", none, &["de".to_owned()], later).unwrap()), "all");
        let only = ["berlin".to_owned()];
        assert_eq!(trunks.take("49301", &only, none, later).unwrap_err(), Unplaced::AllDown);
        assert_eq!(trunks.take("431", &only, none, later).unwrap_err(), Unplaced::NoneFits);
        assert_eq!(trunks.take("49301", none, none, later).unwrap_err(), Unplaced::AllBusy, "no token left");
    }

    #[test]
    fn trunks_of_equal_rank_share_by_weight() {
        let trunks = trunks(&[("a", &[], 0, 3), ("b", &[], 0, 1), ("spare", &[], 1, 9)]);
        let mut now = Instant::now();
        let mut counts = BTreeMap::new();
        for _ in 0..40 {
            now += Duration::from_secs(1);
            *counts.entry(name(&trunks.take("1", &[], &[], now).unwrap())).or_insert(0) += 1;
        }
        assert_eq!(counts, BTreeMap::from([("a".to_owned(), 30), ("b".to_owned(), 10)]));
    }
}
