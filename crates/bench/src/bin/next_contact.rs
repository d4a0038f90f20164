//! The next contact for an agent among many open ones: the ten steps, the choice, and the lease made durable.

use clap::Parser;
use muster_app::ports::{CallSequence, CallWrite, OsEntropy, Store, SystemClock};
use muster_app::usecases::dialler::{AgentCampaign, CampaignInput, next_contact};
use muster_app::{Services, Settings};
use muster_bench::fixture::Fallible;
use muster_bench::table::{Table, thousands};
use muster_domain::calls::campaign::Dialling;
use muster_domain::calls::contact::Contact;
use muster_domain::calls::selection::{ALL_NUMBERS, BoundTo, Probe, Queue};
use muster_domain::ids::ContactId;
use muster_storage::StoreConfig;
use muster_testkit::calls;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Contacts of one write.
const CHUNK: usize = 500;

#[derive(Parser)]
#[command(about = "The next contact for an agent among many open ones")]
struct Arguments {
    /// Open contacts of the campaign.
    #[arg(long, default_value_t = 1_000_000)]
    contacts: usize,
    /// Contacts that are asked for.
    #[arg(long, default_value_t = 2_000)]
    draws: usize,
    /// `postgres://` URL of an empty database, instead of the embedded store.
    #[arg(long)]
    store: Option<String>,
}

fn main() -> Fallible<()> {
    let arguments = Arguments::parse();
    tokio::runtime::Runtime::new()?.block_on(run(&arguments))
}

async fn run(arguments: &Arguments) -> Fallible<()> {
    let directory = tempfile::tempdir()?;
    let place = match &arguments.store {
        Some(url) => url.clone(),
        None => directory.path().to_string_lossy().into_owned(),
    };
    let store: Arc<dyn Store> = muster_storage::open(StoreConfig::parse(&place)?).await?;
    let services =
        Services::start(store, Arc::new(SystemClock), Arc::new(OsEntropy), Settings::default()).await?;
    let client = calls::client(&services, None).await;
    let campaign =
        calls::campaign(&services, client, "Bench", CampaignInput::default(), Dialling::default()).await;
    eprintln!("loading {} contacts", arguments.contacts);
    let begun = Instant::now();
    let now = services.clock.now();
    for chunk in 0..arguments.contacts.div_ceil(CHUNK) {
        let count = CHUNK.min(arguments.contacts - chunk * CHUNK);
        let first = services.calls.take_ids(CallSequence::Contact, count as u32).await?;
        let writes = (0..count).map(|place| {
            let place = chunk * CHUNK + place;
            // Spread as random numbers would be.
            let sort = (place as i64).wrapping_mul(2_654_435_761) & 0x7FFF_FFFF;
            let id = ContactId(first + (place % CHUNK) as i64);
            let mut contact = Contact::new(id, client, campaign.id, sort, now);
            contact.details.name = format!("Contact {place}");
            contact.numbers[0].number = Some(format!("4930{place:08}"));
            CallWrite::Contact { contact: Box::new(contact), version: 0, now }
        });
        services.calls.commit(writes.collect()).await?;
    }
    let loaded = begun.elapsed();
    calls::start(&services, client, campaign.id).await;
    let asked = [AgentCampaign { id: campaign.id, weight: 1 }];
    let probe = Probe {
        campaign: campaign.id,
        queue: Queue::Ready,
        bound: BoundTo::Nobody,
        numbers: ALL_NUMBERS,
        now,
    };
    let (mut chosen, mut probed) = (Vec::new(), Vec::new());
    for draw in 0..arguments.draws {
        let begun = Instant::now();
        services.calls.probe(&probe, 8).await?;
        probed.push(begun.elapsed());
        let begun = Instant::now();
        next_contact(&services, client, &format!("agent{}", draw % 50), &asked).await?;
        chosen.push(begun.elapsed());
    }
    let title = format!(
        "Next contact among {} open ones ({} contacts loaded a second)",
        thousands(arguments.contacts as f64),
        thousands(arguments.contacts as f64 / loaded.as_secs_f64())
    );
    let mut table = Table::new(&title, &["what", "p50", "p99", "worst"]);
    table.row(row("looked up: the first of the list", &mut probed));
    table.row(row("chosen by the ten steps and leased durably", &mut chosen));
    println!("{}", table.render());
    services.store.close().await;
    Ok(())
}

fn row(what: &str, times: &mut [Duration]) -> Vec<String> {
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    let shown = |time: Duration| format!("{:.2} ms", time.as_secs_f64() * 1000.0);
    vec![what.to_owned(), shown(at(0.5)), shown(at(0.99)), shown(at(1.0))]
}
