//! Which of n campaigns match one customer: the compiled set against the crate `a-tree`, on one thread, after
//! both have found the same matches for every customer.

use a_tree::{ATree, AttributeDefinition};
use clap::Parser;
use muster_bench::fixture::Fallible;
use muster_bench::generator::{Generator, NOW, Term, World, targeting};
use muster_bench::stopwatch::Stopwatch;
use muster_bench::table::{Table, median, thousands};
use muster_domain::audience::{CompiledSet, Facts, Scratch, Targeting};
use muster_domain::customer::Customer;
use serde_json::Value;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// Measures the decide core.
#[derive(Debug, Parser)]
struct Arguments {
    /// Numbers of campaigns.
    #[arg(long, value_delimiter = ',', default_value = "1000,4000,10000")]
    campaigns: Vec<usize>,
    /// Number of customers.
    #[arg(long, default_value_t = 2_000)]
    customers: usize,
    /// Number of different tags.
    #[arg(long, default_value_t = 5_000)]
    tags: usize,
    /// How unevenly tags are shared: exponent of the power law, 0 for evenly.
    #[arg(long, default_value_t = 0.8)]
    tag_skew: f64,
    /// Share of the campaigns that need a tag.
    #[arg(long, default_value_t = 0.8)]
    tag_share: f64,
    /// Passes, taken in turn with the peer's; the middle one counts.
    #[arg(long, default_value_t = 7)]
    passes: usize,
    /// Length of a pass at least.
    #[arg(long, default_value_t = 200)]
    pass_ms: u64,
    /// Seed of the world.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Leaves everything else out, for profiling.
    #[arg(long)]
    alone: bool,
}

fn main() -> Fallible<()> {
    let arguments = Arguments::parse();
    let mut columns = vec!["campaigns", "matches", "compiled set", "p99", "build ms"];
    if !arguments.alone {
        columns = vec![
            "campaigns",
            "matches",
            "compiled set",
            "p99",
            "one by one",
            "p99",
            "a-tree: event, search",
            "p99",
            "a-tree: search",
            "p99",
            "÷ one by one",
            "÷ a-tree",
            "÷ a-tree search",
            "build ms",
            "a-tree build ms",
        ];
    }
    let mut table = Table::new("Decide core: µs per customer, one thread", &columns);
    for &campaigns in &arguments.campaigns {
        table.row(measure(&arguments, campaigns)?);
    }
    println!("{}", table.render());
    Ok(())
}

fn measure(arguments: &Arguments, campaigns: usize) -> Fallible<Vec<String>> {
    let world = World {
        tags: arguments.tags,
        tag_skew: arguments.tag_skew,
        tag_share: arguments.tag_share,
        ..World::default()
    };
    let mut generator = Generator::new(arguments.seed, world);
    let queries: Vec<Vec<Term>> = (0..campaigns).map(|_| generator.terms()).collect();
    let customers: Vec<Customer> = (0..arguments.customers).map(|_| generator.customer()).collect();
    let targetings: Vec<Targeting> = queries.iter().map(|terms| targeting(terms)).collect();

    let started = Stopwatch::start();
    let set = CompiledSet::compile((0..).zip(targetings.iter().map(Some)));
    let build_ms = started.elapsed().as_secs_f64() * 1e3;
    let started = Stopwatch::start();
    let tree = if arguments.alone { None } else { Some(grow(&queries)?) };
    let tree_build_ms = started.elapsed().as_secs_f64() * 1e3;
    let events: Vec<a_tree::Event> =
        tree.iter().flat_map(|tree| customers.iter().map(|customer| event(tree, customer))).collect();

    let (mut scratch, mut found) = (Scratch::default(), Vec::new());
    let own = Contender::new(|customer| {
        set.matches(&facts(&customers[customer]), &mut scratch, &mut found);
        found.len()
    });
    let one_by_one = Contender::new(|customer| {
        let facts = facts(&customers[customer]);
        targetings.iter().filter(|targeting| targeting.matches(&facts)).count()
    });
    let mut contenders = vec![own];
    if let Some(tree) = &tree {
        // No rival, only a scale; and with many campaigns a slow one.
        contenders.push(Contender { passes_max: 1, ..one_by_one });
        assert_same_matches(&set, tree, &customers);
        contenders.push(Contender::new(|customer| {
            search(tree, &event(tree, &customers[customer])).matches().len()
        }));
        contenders.push(Contender::new(|customer| search(tree, &events[customer]).matches().len()));
    }

    let at_least = Duration::from_millis(arguments.pass_ms);
    for _ in 0..arguments.passes {
        for contender in &mut contenders {
            if contender.means_us.len() < contender.passes_max {
                contender.pass(customers.len(), at_least);
            }
        }
    }
    let matches = contenders[0].matches;
    assert!(contenders.iter().all(|contender| contender.matches == matches), "the contenders disagree");
    let own_us = contenders[0].mean_us();

    let mut cells =
        vec![thousands(campaigns as f64), format!("{:.1}", matches as f64 / customers.len() as f64)];
    for contender in &mut contenders {
        cells.push(format!("{:.2}", contender.mean_us()));
        cells.push(format!("{:.2}", contender.p99_us(customers.len())));
    }
    cells.extend(contenders[1..].iter().map(|contender| format!("{:.0}×", contender.mean_us() / own_us)));
    cells.push(format!("{build_ms:.1}"));
    if tree.is_some() {
        cells.push(format!("{tree_build_ms:.1}"));
    }
    Ok(cells)
}

/// Every customer, every match.
fn assert_same_matches(set: &CompiledSet, tree: &ATree<u32>, customers: &[Customer]) {
    let (mut scratch, mut found) = (Scratch::default(), Vec::new());
    for customer in customers {
        set.matches(&facts(customer), &mut scratch, &mut found);
        let report = search(tree, &event(tree, customer));
        let mut theirs: Vec<u32> = report.matches().iter().map(|number| **number).collect();
        theirs.sort_unstable();
        assert_eq!(found, theirs, "the set and a-tree disagree");
    }
}

fn facts(customer: &Customer) -> Facts<'_> {
    Facts { customer, events: &[], now: NOW }
}

/// Something measured: what it does for one customer, by position, and how long that took.
struct Contender<'a> {
    work: Box<dyn FnMut(usize) -> usize + 'a>,
    passes_max: usize,
    /// Mean of each pass.
    means_us: Vec<f64>,
    matches: usize,
}

impl<'a> Contender<'a> {
    fn new(work: impl FnMut(usize) -> usize + 'a) -> Self {
        Self { work: Box::new(work), passes_max: usize::MAX, means_us: Vec::new(), matches: 0 }
    }

    /// Goes over all customers again and again until the time is up, which makes a pass of a fast contender
    /// as long as one of a slow one. What counts is the processor time of this thread: what else runs on the
    /// machine takes its turns from a pass, but does not lengthen it.
    fn pass(&mut self, customers: usize, at_least: Duration) {
        let started = Stopwatch::start();
        let mut rounds = 0_u32;
        while rounds == 0 || started.elapsed() < at_least {
            self.matches = (0..customers).map(|customer| black_box((self.work)(black_box(customer)))).sum();
            rounds += 1;
        }
        let passed = started.elapsed();
        self.means_us.push(passed.as_secs_f64() * 1e6 / f64::from(rounds) / customers as f64);
    }

    fn mean_us(&self) -> f64 {
        median(&self.means_us)
    }

    /// Of one more round whose customers are timed one by one, by the wall clock, interruptions included.
    fn p99_us(&mut self, customers: usize) -> f64 {
        let mut each: Vec<f64> = (0..customers)
            .map(|customer| {
                let started = Instant::now();
                black_box((self.work)(black_box(customer)));
                started.elapsed().as_secs_f64() * 1e6
            })
            .collect();
        each.sort_by(f64::total_cmp);
        each.get(each.len() * 99 / 100).copied().unwrap_or(f64::NAN)
    }
}

fn grow(queries: &[Vec<Term>]) -> Fallible<ATree<u32>> {
    let mut tree = ATree::new(&[
        AttributeDefinition::string_list("tags"),
        AttributeDefinition::string("country"),
        AttributeDefinition::string("tier"),
        AttributeDefinition::integer("age"),
        AttributeDefinition::integer("spend"),
        AttributeDefinition::integer("points"),
        AttributeDefinition::boolean("opted_in"),
        AttributeDefinition::integer("created_at"),
    ])
    .map_err(|error| error.to_string())?;
    for (number, terms) in (0..).zip(queries) {
        let expression: Vec<String> = terms.iter().map(in_words).collect();
        tree.insert(&number, &expression.join(" and ")).map_err(|error| error.to_string())?;
    }
    Ok(tree)
}

/// The term in the peer's language.
fn in_words(term: &Term) -> String {
    let listed = |names: &[&str]| names.iter().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", ");
    let tags = |tags: &[String]| listed(&tags.iter().map(String::as_str).collect::<Vec<_>>());
    match term {
        Term::TagsAny(names) => format!("tags one of [{}]", tags(names)),
        Term::TagsNone(names) => format!("tags none of [{}]", tags(names)),
        Term::CountryIn(countries) => format!("country in [{}]", listed(countries)),
        Term::TierIn(tiers) => format!("tier in [{}]", listed(tiers)),
        Term::AgeBetween(from, to) => format!("age >= {from} and age <= {to}"),
        Term::SpendAtLeast(spend) => format!("spend >= {spend}"),
        Term::PointsAtLeast(points) => format!("points >= {points}"),
        Term::OptedIn(true) => "opted_in".to_owned(),
        Term::OptedIn(false) => "not opted_in".to_owned(),
        Term::CreatedSince(day) => format!("created_at >= {}", day * 86_400_000),
        Term::Any(terms) => format!("({})", terms.iter().map(in_words).collect::<Vec<_>>().join(" or ")),
    }
}

/// The customer as the peer wants to see one. Reading the age from the date of birth is part of the work for
/// both.
fn event(tree: &ATree<u32>, customer: &Customer) -> a_tree::Event {
    const KNOWN: &str = "the attribute is defined above";
    let mut event = tree.make_event();
    let tags: Vec<&str> = customer.live_tags(NOW).collect();
    event.with_string_list("tags", &tags).expect(KNOWN);
    match &customer.profile.country {
        Some(country) => event.with_string("country", country),
        None => event.with_undefined("country"),
    }
    .expect(KNOWN);
    match customer.profile.user_profile.get("tier").and_then(Value::as_str) {
        Some(tier) => event.with_string("tier", tier),
        None => event.with_undefined("tier"),
    }
    .expect(KNOWN);
    let today = jiff::civil::date(2026, 3, 31);
    match customer.profile.dob {
        Some(born) => {
            let had_birthday = (today.month(), today.day()) >= (born.month(), born.day());
            let age = i64::from(today.year()) - i64::from(born.year()) - i64::from(!had_birthday);
            event.with_integer("age", age)
        }
        None => event.with_undefined("age"),
    }
    .expect(KNOWN);
    match customer.profile.user_profile.get("spend").and_then(Value::as_i64) {
        Some(spend) => event.with_integer("spend", spend),
        None => event.with_undefined("spend"),
    }
    .expect(KNOWN);
    event.with_integer("points", customer.points.available).expect(KNOWN);
    event.with_boolean("opted_in", customer.profile.opted_in).expect(KNOWN);
    event.with_integer("created_at", customer.created_at.0).expect(KNOWN);
    event.build().expect("every attribute has been given")
}

fn search<'a>(tree: &'a ATree<u32>, event: &a_tree::Event) -> a_tree::Report<'a, u32> {
    tree.search(event).expect("the event was built for this tree")
}
