//! Customers and targeting queries by seed: the same seed gives the same world on every machine.
//!
//! Tags are shared unevenly, as they are in life: the chance of a tag falls with a power of its rank, for
//! customers and for queries alike.

use muster_domain::audience::Targeting;
use muster_domain::customer::{Customer, Points, Profile, Standing, Tag};
use muster_domain::time::UnixMillis;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use uuid::Uuid;

/// The instant at which generated customers are asked: 2026-03-31T10:20:30Z.
pub const NOW: UnixMillis = UnixMillis(1_774_952_430_000);

const DAY_MS: i64 = 86_400_000;
const TIERS: [&str; 4] = ["bronze", "silver", "gold", "platinum"];
const COUNTRIES: [&str; 30] = [
    "USA", "DEU", "GBR", "FRA", "ITA", "ESP", "CAN", "BRA", "MEX", "JPN", "IND", "AUS", "NLD", "BEL", "CHE",
    "AUT", "SWE", "NOR", "DNK", "FIN", "POL", "CZE", "PRT", "IRL", "GRC", "TUR", "ZAF", "ARG", "CHL", "COL",
];

/// How tags are spread.
#[derive(Debug, Clone, Copy)]
pub struct World {
    /// Number of different tags.
    pub tags: usize,
    /// The chance of the tag of rank r is proportional to r to the power of minus this; 0 is uniform.
    pub tag_skew: f64,
    /// Tags of a customer, from and up to.
    pub tags_per_customer: (usize, usize),
    /// Share of the queries that need a tag.
    pub tag_share: f64,
}

impl Default for World {
    fn default() -> Self {
        Self { tags: 5_000, tag_skew: 0.8, tags_per_customer: (5, 15), tag_share: 0.8 }
    }
}

/// A source of customers and queries.
#[derive(Debug)]
pub struct Generator {
    world: World,
    random: StdRng,
    tags: Ranks,
    countries: Ranks,
}

/// One condition of a generated query, in a form that can be put into other languages.
#[derive(Debug, Clone, PartialEq)]
pub enum Term {
    /// Has one of these tags.
    TagsAny(Vec<String>),
    /// Has none of these tags.
    TagsNone(Vec<String>),
    /// Lives in one of these countries.
    CountryIn(Vec<&'static str>),
    /// Custom attribute `tier` is one of these.
    TierIn(Vec<&'static str>),
    /// Age in whole years, both bounds included.
    AgeBetween(i64, i64),
    /// Custom attribute `spend` is at least this.
    SpendAtLeast(i64),
    /// Has at least so many points.
    PointsAtLeast(i64),
    /// Is in the loyalty program.
    OptedIn(bool),
    /// Was created on this day or later; days since the epoch.
    CreatedSince(i64),
    /// At least one of these.
    Any(Vec<Term>),
}

impl Term {
    /// The term as a query of its own.
    pub fn to_json(&self) -> Value {
        match self {
            Self::TagsAny(tags) => json!({"user.tags": {"$in": tags}}),
            Self::TagsNone(tags) => json!({"user.tags": {"$nin": tags}}),
            Self::CountryIn(countries) => json!({"user.country": {"$in": countries}}),
            Self::TierIn(tiers) => json!({"user.user_profile.tier": {"$in": tiers}}),
            Self::AgeBetween(from, to) => json!({"user.age": {"$between": [from, to]}}),
            Self::SpendAtLeast(spend) => json!({"user.user_profile.spend": {"$gte": spend}}),
            Self::PointsAtLeast(points) => json!({"user.available_points": {"$gte": points}}),
            Self::OptedIn(opted_in) => json!({"user.opted_in": opted_in}),
            Self::CreatedSince(day) => {
                let day = UnixMillis(day * DAY_MS).to_jiff().map_or_else(String::new, |at| at.to_string());
                json!({"user.created_at": {"$gte": day}})
            }
            Self::Any(terms) => json!({"$or": terms.iter().map(Self::to_json).collect::<Vec<_>>()}),
        }
    }
}

/// The terms as one query.
///
/// # Panics
/// Never: generated terms are valid queries.
pub fn targeting(terms: &[Term]) -> Targeting {
    let query = json!({"$and": terms.iter().map(Term::to_json).collect::<Vec<_>>()});
    Targeting::parse(query).expect("generated terms are valid")
}

impl Generator {
    /// A generator that repeats itself for the same seed and world.
    pub fn new(seed: u64, world: World) -> Self {
        Self {
            tags: Ranks::new(world.tags, world.tag_skew),
            countries: Ranks::new(COUNTRIES.len(), 1.0),
            random: StdRng::seed_from_u64(seed),
            world,
        }
    }

    /// The name of the tag of a rank; its length is that of tags in use.
    pub fn tag_name(rank: usize) -> String {
        format!("segment_{rank:04}")
    }

    /// A customer with tags, country, tier, age, spend and points; each but the tags may be missing.
    pub fn customer(&mut self) -> Customer {
        let (least, most) = self.world.tags_per_customer;
        let wanted = self.random.random_range(least..=most);
        let mut tags = BTreeMap::new();
        for _ in 0..wanted {
            let expires_at = UnixMillis(NOW.0 + self.random.random_range(-10..90_i64) * DAY_MS);
            let tag = if self.chance(0.5) { Tag::Counter { count: 1 } } else { Tag::Expiring { expires_at } };
            tags.insert(Self::tag_name(self.tags.draw(&mut self.random)), tag);
        }
        let mut user_profile = Map::new();
        for filler in ["store", "channel", "language"] {
            user_profile.insert(filler.to_owned(), self.random.random_range(0..50).to_string().into());
        }
        if self.chance(0.9) {
            user_profile.insert("tier".to_owned(), TIERS[self.tier()].into());
        }
        if self.chance(0.9) {
            user_profile.insert("spend".to_owned(), self.spend().into());
        }
        let born = jiff::civil::date(self.random.random_range(1946..2010), 1, 1);
        let dob = self.chance(0.85).then(|| {
            jiff::civil::date(born.year(), self.random.random_range(1..=12), self.random.random_range(1..=28))
        });
        Customer {
            profile: Profile {
                external_id: Some(format!("crm-{}", self.random.random_range(0..10_000_000))),
                country: self
                    .chance(0.95)
                    .then(|| COUNTRIES[self.countries.draw(&mut self.random)].to_owned()),
                opted_in: self.chance(0.8),
                dob,
                user_profile,
                ..Profile::default()
            },
            standing: Standing::default(),
            tags,
            choices: BTreeMap::new(),
            progress: BTreeMap::new(),
            points: Points { available: self.random.random_range(0..5_000), test: 0 },
            impressions: BTreeMap::new(),
            tracking_id: Uuid::from_u128(self.random.random()),
            events_logged: 0,
            created_at: UnixMillis(NOW.0 - self.random.random_range(0..1_500 * DAY_MS)),
            updated_at: NOW,
            registered_at: Some(NOW),
        }
    }

    /// The terms of one query: three on average besides tags.
    pub fn terms(&mut self) -> Vec<Term> {
        let mut terms = Vec::new();
        if self.chance(self.world.tag_share) {
            terms.push(Term::TagsAny(self.some_tags(3)));
        }
        if self.chance(0.25) {
            terms.push(Term::TagsNone(self.some_tags(2)));
        }
        if self.chance(0.7) {
            let count = self.random.random_range(1..=3);
            terms.push(Term::CountryIn((0..count).map(|_| self.country()).collect()));
        }
        if self.chance(0.4) {
            let from = self.random.random_range(0..TIERS.len());
            let to = (from + self.random.random_range(1..=2)).min(TIERS.len());
            terms.push(Term::TierIn(TIERS[from..to].to_vec()));
        }
        if self.chance(0.4) {
            let from = self.random.random_range(18..60);
            terms.push(Term::AgeBetween(from, from + self.random.random_range(5..25)));
        }
        if self.chance(0.4) {
            let spend = self.spend();
            terms.push(Term::SpendAtLeast(spend));
        }
        if self.chance(0.3) {
            terms.push(Term::PointsAtLeast(self.random.random_range(0..5_000)));
        }
        if self.chance(0.3) {
            terms.push(Term::OptedIn(true));
        }
        if self.chance(0.15) {
            let days_ago = self.random.random_range(1..1_500);
            terms.push(Term::CreatedSince(NOW.0 / DAY_MS - days_ago));
        }
        if terms.is_empty() || self.chance(0.1) {
            let spend = self.spend();
            terms.push(Term::Any(vec![Term::TagsAny(self.some_tags(2)), Term::SpendAtLeast(spend)]));
        }
        terms
    }

    fn chance(&mut self, share: f64) -> bool {
        self.random.random_bool(share)
    }

    fn some_tags(&mut self, most: usize) -> Vec<String> {
        let count = self.random.random_range(1..=most);
        (0..count).map(|_| Self::tag_name(self.tags.draw(&mut self.random))).collect()
    }

    fn country(&mut self) -> &'static str {
        COUNTRIES[self.countries.draw(&mut self.random)]
    }

    /// Half of the customers in the lowest tier, and so on.
    fn tier(&mut self) -> usize {
        let draw: f64 = self.random.random();
        [0.5, 0.8, 0.95].iter().take_while(|&&bound| draw >= bound).count()
    }

    /// Many small amounts, few large ones.
    fn spend(&mut self) -> i64 {
        let draw: f64 = self.random.random();
        (5_000.0 * draw * draw * draw) as i64
    }
}

/// Ranks drawn with falling chances.
#[derive(Debug)]
struct Ranks {
    cumulated: Vec<f64>,
}

impl Ranks {
    fn new(count: usize, skew: f64) -> Self {
        let mut sum = 0.0;
        let cumulated = (1..=count)
            .map(|rank| {
                sum += (rank as f64).powf(-skew);
                sum
            })
            .collect();
        Self { cumulated }
    }

    fn draw(&self, random: &mut StdRng) -> usize {
        let total = self.cumulated.last().copied().unwrap_or(1.0);
        let draw = random.random::<f64>() * total;
        self.cumulated.partition_point(|bound| *bound <= draw).min(self.cumulated.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_world() {
        let world = |seed| {
            let mut generator = Generator::new(seed, World::default());
            let terms: Vec<_> = (0..50).map(|_| generator.terms()).collect();
            (terms, (0..50).map(|_| generator.customer()).collect::<Vec<_>>())
        };
        assert_eq!(world(1), world(1));
        assert_ne!(world(1), world(2));
    }

    #[test]
    fn generated_terms_are_valid_and_of_some_use() {
        let mut generator = Generator::new(3, World::default());
        let queries: Vec<_> = (0..500).map(|_| targeting(&generator.terms())).collect();
        let customers: Vec<_> = (0..200).map(|_| generator.customer()).collect();
        let matches: usize = customers
            .iter()
            .map(|customer| {
                let facts = muster_domain::audience::Facts { customer, events: &[], now: NOW };
                queries.iter().filter(|query| query.matches(&facts)).count()
            })
            .sum();
        let mean = matches as f64 / 200.0;
        assert!((1.0..100.0).contains(&mean), "{mean} matches a customer");
    }
}
