//! Which of n campaigns match one customer: the compiled set against the crate `a-tree`, on one thread, after both
//! have found the same matches for every customer.

use a_tree::{ATree, AttributeDefinition};
use clap::Parser;
use muster_bench::fixture::Fallible;
use muster_bench::generator::{Generator, NOW, Term, World, targeting};
use muster_bench::table::{Table, median, thousands};
use muster_domain::audience::{CompiledSet, Facts, Scratch, Targeting};
use muster_domain::customer::Customer;
use serde_json::Value;
use std::hint::black_box;
use std::time::Instant;

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
    /// Passes over all customers; the middle one counts.
    #[arg(long, default_value_t = 5)]
    passes: usize,
    /// Seed of the world.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Leaves the peer out, for profiling.
    #[arg(long)]
    alone: bool,
}

fn main() -> Fallible<()> {
    let arguments = Arguments::parse();
    let mut table = Table::new(
        "Decide core: µs per customer, one thread",
        &[
            "campaigns",
            "matches",
            "compiled set",
            "p99",
            "one by one",
            "a-tree: event + search",
            "search only",
            "p99",
            "ratio",
            "ratio to search only",
            "build ms",
            "a-tree build ms",
        ],
    );
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

    let started = Instant::now();
    let set = CompiledSet::compile((0..).zip(targetings.iter().map(Some)));
    let build_ms = started.elapsed().as_secs_f64() * 1e3;

    let (mut scratch, mut found) = (Scratch::default(), Vec::new());
    let own = Timing::take(arguments.passes, &customers, |customer| {
        set.matches(&facts(customer), &mut scratch, &mut found);
        found.len()
    });
    let one_by_one = Timing::take(1, &customers, |customer| {
        let facts = facts(customer);
        targetings.iter().filter(|targeting| targeting.matches(&facts)).count()
    });
    assert_eq!(own.matches, one_by_one.matches, "the set and the queries one by one disagree");

    let mut cells = vec![
        thousands(campaigns as f64),
        format!("{:.1}", own.matches as f64 / customers.len() as f64),
        format!("{:.2}", own.mean_us),
        format!("{:.2}", own.p99_us),
        format!("{:.1}", one_by_one.mean_us),
    ];
    if arguments.alone {
        return Ok(cells);
    }

    let started = Instant::now();
    let tree = grow(&queries)?;
    let tree_build_ms = started.elapsed().as_secs_f64() * 1e3;
    for customer in &customers {
        set.matches(&facts(customer), &mut scratch, &mut found);
        let report = search(&tree, &event(&tree, customer));
        let mut theirs: Vec<u32> = report.matches().iter().map(|number| **number).collect();
        theirs.sort_unstable();
        assert_eq!(found, theirs, "the set and a-tree disagree");
    }
    let whole = Timing::take(arguments.passes, &customers, |customer| {
        search(&tree, &event(&tree, customer)).matches().len()
    });
    let events: Vec<a_tree::Event> = customers.iter().map(|customer| event(&tree, customer)).collect();
    let search_only = Timing::take(arguments.passes, &events, |event| search(&tree, event).matches().len());
    assert_eq!(own.matches, whole.matches);
    assert_eq!(own.matches, search_only.matches);
    cells.extend([
        format!("{:.1}", whole.mean_us),
        format!("{:.1}", search_only.mean_us),
        format!("{:.1}", whole.p99_us),
        format!("{:.0}×", whole.mean_us / own.mean_us),
        format!("{:.0}×", search_only.mean_us / own.mean_us),
        format!("{build_ms:.1}"),
        format!("{tree_build_ms:.1}"),
    ]);
    Ok(cells)
}

fn facts(customer: &Customer) -> Facts<'_> {
    Facts { customer, events: &[], now: NOW }
}

/// Time per item.
struct Timing {
    /// Mean of the middle pass.
    mean_us: f64,
    /// Of one further pass whose items are timed one by one.
    p99_us: f64,
    /// Sum of what the work returned.
    matches: usize,
}

impl Timing {
    fn take<T>(passes: usize, items: &[T], mut work: impl FnMut(&T) -> usize) -> Self {
        let mut matches = items.iter().map(&mut work).sum();
        let means: Vec<f64> = (0..passes)
            .map(|_| {
                let started = Instant::now();
                matches = items.iter().map(|item| black_box(work(black_box(item)))).sum();
                started.elapsed().as_secs_f64() * 1e6 / items.len() as f64
            })
            .collect();
        let mut each: Vec<f64> = items
            .iter()
            .map(|item| {
                let started = Instant::now();
                black_box(work(black_box(item)));
                started.elapsed().as_secs_f64() * 1e6
            })
            .collect();
        each.sort_by(f64::total_cmp);
        let p99_us = each.get(each.len() * 99 / 100).copied().unwrap_or(f64::NAN);
        Self { mean_us: median(&means), p99_us, matches }
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

/// The customer as the peer wants to see one. Reading the age from the date of birth is part of the work for both.
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
