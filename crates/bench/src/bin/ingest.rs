//! Durable event ingest: in batches of 500 against bare PostgreSQL, and one by one against a bare journal file.
//!
//! Contenders take turns within each round, so that a disk that changes its speed changes it for all of them.

use clap::Parser;
use futures_util::future::BoxFuture;
use muster_app::Services;
use muster_app::ports::{CatalogWrite, Entropy, Expected, SeededEntropy, Store};
use muster_app::usecases::ingest::{BatchItem, IncomingEvent, ingest, ingest_batch};
use muster_app::usecases::select::CustomerSelector;
use muster_bench::bare_postgres::{BarePostgres, Form};
use muster_bench::fixture::{self, Fallible};
use muster_bench::journal::Journal;
use muster_bench::load::{Measured, summarise};
use muster_bench::table::{Table, median, thousands};
use muster_domain::event::Context;
use muster_domain::ids::{CustomerId, OrganizationId};
use muster_storage::StoreConfig;
use std::sync::Arc;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// About what an event and its progress take in a log.
const JOURNAL_RECORD_BYTES: usize = 200;

#[derive(Parser)]
#[command(about = "Durable event ingest against bare PostgreSQL and a bare journal file")]
struct Arguments {
    /// Customers in each store.
    #[arg(long, default_value_t = 1_000_000)]
    customers: u64,
    /// Seconds measured for each contender in each round.
    #[arg(long, default_value_t = 4)]
    seconds: u64,
    /// Rounds; the median is shown.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Closed-loop producers of the one-by-one table.
    #[arg(long, default_value_t = 64)]
    producers: usize,
    /// Events in a batch.
    #[arg(long, default_value_t = 500)]
    batch: usize,
    /// Batches under way at the same time.
    #[arg(long, default_value_t = 2)]
    writers: usize,
    /// Only the embedded store and the journal, for a profile.
    #[arg(long)]
    embedded_only: bool,
    /// Address of a PostgreSQL server whose databases may be written.
    #[arg(long)]
    postgres: Option<String>,
    /// Seed of all that is random.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

struct Muster {
    services: Arc<Services>,
    organization: OrganizationId,
    customers: Arc<Vec<CustomerId>>,
}

impl Muster {
    async fn prepare(store: Arc<dyn Store>, arguments: &Arguments) -> Fallible<Self> {
        let (services, organization) = fixture::start(store, arguments.seed).await?;
        let mut campaign = fixture::plain_campaign(1);
        campaign.behaviors.push(fixture::counting_behavior(1, "purchase"));
        let write = CatalogWrite::Campaign { campaign: Box::new(campaign), expected: Expected::Absent };
        services.store.write_catalog(organization, vec![write]).await?;
        services.catalog.reload(organization).await?;
        let customers = fixture::load_customers(
            services.store.as_ref(),
            organization,
            arguments.seed,
            arguments.customers,
        )
        .await?;
        Ok(Self { services, organization, customers: Arc::new(customers) })
    }

    /// Closed-loop batches; the rate is in events a second.
    async fn batches(&self, arguments: &Arguments, round: u64) -> Fallible<f64> {
        let until = Instant::now() + Duration::from_secs(arguments.seconds);
        let begun = Instant::now();
        let tasks: Vec<_> = (0..arguments.writers)
            .map(|writer| {
                let services = Arc::clone(&self.services);
                let organization = self.services.catalog.organization(self.organization);
                let customers = Arc::clone(&self.customers);
                let size = arguments.batch;
                let entropy = SeededEntropy::new(arguments.seed + round * 1000 + writer as u64);
                tokio::spawn(async move {
                    let organization = organization.ok_or("the organization is gone")?;
                    let mut events = 0_u64;
                    while Instant::now() < until {
                        let items: Vec<_> = (0..size)
                            .map(|_| BatchItem {
                                customer: pick(&customers, &entropy),
                                events: vec![purchase(&entropy)],
                            })
                            .collect();
                        for answer in ingest_batch(&services, &organization, &items).await {
                            events += answer?.accepted as u64;
                        }
                    }
                    Fallible::Ok(events)
                })
            })
            .collect();
        let mut events = 0;
        for task in tasks {
            events += task.await??;
        }
        Ok(events as f64 / begun.elapsed().as_secs_f64())
    }

    async fn singles(&self, arguments: &Arguments, round: u64) -> Fallible<Measured> {
        let services = Arc::clone(&self.services);
        let organization =
            self.services.catalog.organization(self.organization).ok_or("the organization is gone")?;
        let customers = Arc::clone(&self.customers);
        let seed = arguments.seed + round * 1000;
        let entropies: Arc<Vec<_>> = Arc::new(
            (0..arguments.producers).map(|number| SeededEntropy::new(seed + 500 + number as u64)).collect(),
        );
        closed_loop(arguments, move |producer| {
            let (services, organization) = (Arc::clone(&services), Arc::clone(&organization));
            let customer = CustomerSelector::Id(pick(&customers, &entropies[producer]));
            let event = purchase(&entropies[producer]);
            Box::pin(async move {
                ingest(&services, &organization, &customer, &[event]).await?;
                Ok(())
            })
        })
        .await
    }
}

fn pick(customers: &[CustomerId], entropy: &SeededEntropy) -> CustomerId {
    let mut random = [0; 8];
    entropy.fill(&mut random);
    customers[(u64::from_le_bytes(random) % customers.len() as u64) as usize]
}

fn purchase(entropy: &SeededEntropy) -> IncomingEvent {
    IncomingEvent {
        name: "purchase".to_owned(),
        transaction_id: Some(entropy.uuid().to_string()),
        quantity: 1,
        occurred_at: None,
        context: Context::new(),
        campaign: None,
    }
}

/// Producers that each write, wait for durability, and write again.
async fn closed_loop(
    arguments: &Arguments,
    write: impl Fn(usize) -> BoxFuture<'static, Fallible<()>> + Send + Sync + 'static,
) -> Fallible<Measured> {
    let warm = Instant::now() + Duration::from_millis(700);
    let until = warm + Duration::from_secs(arguments.seconds);
    let write = Arc::new(write);
    let tasks: Vec<_> = (0..arguments.producers)
        .map(|producer| {
            let write = Arc::clone(&write);
            tokio::spawn(async move {
                let mut latencies = Vec::new();
                loop {
                    let begun = Instant::now();
                    if begun >= until {
                        return Fallible::Ok(latencies);
                    }
                    write(producer).await?;
                    if begun >= warm {
                        latencies.push(u32::try_from(begun.elapsed().as_micros()).unwrap_or(u32::MAX));
                    }
                }
            })
        })
        .collect();
    let mut latencies = Vec::new();
    for task in tasks {
        latencies.extend(task.await??);
    }
    Ok(summarise(latencies, 0, Duration::from_secs(arguments.seconds)))
}

/// The same batches against bare PostgreSQL, over as many connections; the rate is in events a second.
async fn bare_batches(
    bare: &mut [BarePostgres],
    form: Form,
    customers: &Arc<Vec<CustomerId>>,
    arguments: &Arguments,
) -> Fallible<f64> {
    let begun = Instant::now();
    let until = begun + Duration::from_secs(arguments.seconds);
    let size = arguments.batch;
    let connections = bare.iter_mut().enumerate().map(|(number, connection)| {
        let customers = Arc::clone(customers);
        let entropy = SeededEntropy::new(arguments.seed + 77 + number as u64);
        async move {
            let mut events = 0_u64;
            while Instant::now() < until {
                // In order of customer, so that two connections never wait for each other in a circle.
                let mut chosen: Vec<Uuid> = (0..size).map(|_| pick(&customers, &entropy).0).collect();
                chosen.sort_unstable();
                let keys: Vec<Uuid> = chosen.iter().map(|_| entropy.uuid()).collect();
                connection.write(form, &chosen, &keys).await?;
                events += size as u64;
            }
            Fallible::Ok(events)
        }
    });
    let events: u64 = futures_util::future::try_join_all(connections).await?.into_iter().sum();
    Ok(events as f64 / begun.elapsed().as_secs_f64())
}

async fn journal_singles(path: &std::path::Path, arguments: &Arguments) -> Fallible<Measured> {
    let journal = Arc::new(Journal::create(path)?);
    let measured = closed_loop(arguments, move |_| {
        let journal = Arc::clone(&journal);
        Box::pin(async move { Ok(journal.append(vec![b'x'; JOURNAL_RECORD_BYTES]).await?) })
    })
    .await;
    std::fs::remove_file(path)?;
    measured
}

fn main() -> Fallible<()> {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(run(&arguments))
}

async fn run(arguments: &Arguments) -> Fallible<()> {
    let directory = tempfile::tempdir()?;
    eprintln!("loading {} customers into each store", arguments.customers);
    let place = directory.path().join("data");
    let lite = muster_storage::open(StoreConfig::parse(&place.to_string_lossy())?).await?;
    let lite = Muster::prepare(lite, arguments).await?;
    if arguments.embedded_only {
        for round in 0..arguments.rounds as u64 {
            let journal = journal_singles(&directory.path().join("journal"), arguments).await?;
            let batches = lite.batches(arguments, round).await?;
            let singles = lite.singles(arguments, round).await?;
            println!(
                "batches {} events/s, one by one {} events/s of {} in the journal",
                thousands(batches),
                thousands(singles.per_second),
                thousands(journal.per_second)
            );
        }
        return Ok(());
    }
    let server =
        arguments.postgres.clone().ok_or("give the address of a PostgreSQL server with --postgres")?;
    let postgres = muster_storage::open(StoreConfig::parse(&server)?).await?;
    let postgres = Muster::prepare(postgres, arguments).await?;
    let mut bare = Vec::new();
    for number in 0..arguments.writers.max(1) {
        bare.push(BarePostgres::connect(&server, number == 0).await?);
    }
    let ids: Vec<Uuid> = lite.customers.iter().map(|id| id.0).collect();
    bare[0].load(&ids).await?;
    drop(ids);

    let mut batched = vec![Vec::new(); 4];
    let mut single: Vec<Vec<Measured>> = vec![Vec::new(); 3];
    for round in 0..arguments.rounds {
        eprintln!("round {} of {}", round + 1, arguments.rounds);
        let number = round as u64;
        batched[0].push(bare_batches(&mut bare, Form::Unnest, &lite.customers, arguments).await?);
        batched[1].push(bare_batches(&mut bare, Form::Rows, &lite.customers, arguments).await?);
        batched[2].push(lite.batches(arguments, number).await?);
        batched[3].push(postgres.batches(arguments, number).await?);
        single[0].push(journal_singles(&directory.path().join("journal"), arguments).await?);
        single[1].push(lite.singles(arguments, number).await?);
        single[2].push(postgres.singles(arguments, number).await?);
    }
    print_batches(arguments, &batched);
    print_singles(arguments, &single);
    Ok(())
}

fn print_batches(arguments: &Arguments, rates: &[Vec<f64>]) {
    let names = [
        "PostgreSQL, bare insert + upsert, two UNNEST statements (peer)",
        "PostgreSQL, bare insert + upsert, a statement a row, pipelined (peer)",
        "Muster on SQLite",
        "Muster on PostgreSQL",
    ];
    let title = format!(
        "Ingest, batches of {}, {} under way, {} customers",
        arguments.batch,
        arguments.writers,
        thousands(arguments.customers as f64)
    );
    let columns = ["contender", "events/s", "range", "ratio to UNNEST peer", "ratio to row peer"];
    let mut table = Table::new(&title, &columns);
    for (name, own) in names.iter().zip(rates) {
        table.row([
            (*name).to_owned(),
            thousands(median(own)),
            range(own),
            format!("{:.2}", ratio(own, &rates[0])),
            format!("{:.2}", ratio(own, &rates[1])),
        ]);
    }
    println!("{}", table.render());
}

fn print_singles(arguments: &Arguments, measured: &[Vec<Measured>]) {
    let names = ["bare journal file (peer)", "Muster on SQLite", "Muster on PostgreSQL"];
    let title = format!(
        "Ingest, one event a write, {} closed-loop producers, {} customers",
        arguments.producers,
        thousands(arguments.customers as f64)
    );
    let columns = ["contender", "events/s", "range", "p50 ms", "p99 ms", "ratio", "p99 ratio"];
    let mut table = Table::new(&title, &columns);
    let rates = |of: &[Measured]| of.iter().map(|one| one.per_second).collect::<Vec<_>>();
    let p99s = |of: &[Measured]| of.iter().map(|one| f64::from(one.p99_us) / 1000.0).collect::<Vec<_>>();
    for (name, own) in names.iter().zip(measured) {
        let p50s: Vec<f64> = own.iter().map(|one| f64::from(one.p50_us) / 1000.0).collect();
        table.row([
            (*name).to_owned(),
            thousands(median(&rates(own))),
            range(&rates(own)),
            format!("{:.2}", median(&p50s)),
            format!("{:.2}", median(&p99s(own))),
            format!("{:.3}", ratio(&rates(own), &rates(&measured[0]))),
            format!("{:.1}", ratio(&p99s(own), &p99s(&measured[0]))),
        ]);
    }
    println!("{}", table.render());
}

/// The median of the ratios, round by round.
fn ratio(own: &[f64], peer: &[f64]) -> f64 {
    median(&own.iter().zip(peer).map(|(own, peer)| own / peer).collect::<Vec<_>>())
}

fn range(values: &[f64]) -> String {
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(0.0, f64::max);
    format!("{}–{}", thousands(low), thousands(high))
}
