//! A SIM campaign end to end: real store, real driver, and a message centre with cards in a process of its own.

use clap::Parser;
use muster_app::ports::{OsEntropy, Store, SystemClock};
use muster_app::{Services, Settings};
use muster_bench::claims;
use muster_bench::fixture::Fallible;
use muster_bench::table::{Table, median, thousands};
use muster_domain::ids::SimCampaignId;
use muster_domain::participant::ParticipantStatus;
use muster_domain::sim_campaign::{Command as Order, SimCampaignStatus};
use muster_drivers::sms::{RouteSettings, SmppGateway};
use muster_engine::sim::{SimEngine, SimSettings};
use muster_peers::provision::generate_cards;
use muster_peers::smsc::{Smsc, SmscSettings};
use muster_storage::StoreConfig;
use muster_testkit::sims;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// Cards are made up from it, the same ones on both sides.
const SEED: u64 = 7;
/// Longest time a campaign may take.
const LIMIT: Duration = Duration::from_mins(10);

#[derive(Parser)]
#[command(about = "A SIM campaign end to end over loopback")]
struct Arguments {
    /// Cards of the campaign.
    #[arg(long, default_value_t = 100_000)]
    cards: usize,
    /// Runs; the median is shown.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Sessions with the message centre.
    #[arg(long, default_value_t = 2)]
    binds: u16,
    /// Requests without an answer on each.
    #[arg(long, default_value_t = 200)]
    window: u16,
    /// `postgres://` URL of an empty database for the substrate's own speed; without it that row is left out.
    #[arg(long)]
    postgres: Option<String>,
    /// Also runs the campaign on this database (an empty one) instead of the embedded store.
    #[arg(long)]
    store: Option<String>,
    /// Plays the message centre; used by the benchmark itself.
    #[arg(long, hide = true)]
    centre: bool,
}

fn main() -> Fallible<()> {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Runtime::new()?;
    if arguments.centre {
        return runtime.block_on(centre(arguments.cards));
    }
    let mut runs = Vec::new();
    for round in 0..arguments.rounds {
        eprintln!("round {} of {}", round + 1, arguments.rounds);
        runs.push(runtime.block_on(round_of(&arguments))?);
    }
    let column = |of: fn(&Run) -> f64| median(&runs.iter().map(of).collect::<Vec<_>>());
    let title = format!(
        "SIM campaign of {} cards, {} rounds, medians",
        thousands(arguments.cards as f64),
        arguments.rounds
    );
    let mut table = Table::new(&title, &["what", "per second", "CPU s, server", "CPU s, centre"]);
    table.row([
        "confirmed participants".to_owned(),
        thousands(column(|run| run.rate)),
        format!("{:.1}", column(|run| run.own_cpu_s)),
        format!("{:.1}", column(|run| run.centre_cpu_s)),
    ]);
    if let Some(url) = &arguments.postgres {
        let rate = runtime.block_on(claims::claim_and_complete(url, arguments.cards, 100))?;
        table.row([
            "PostgreSQL: claim and complete, SKIP LOCKED, 100 at a time".to_owned(),
            thousands(rate),
            String::new(),
            String::new(),
        ]);
        table.row([
            "ratio".to_owned(),
            format!("{:.2}", column(|run| run.rate) / rate),
            String::new(),
            String::new(),
        ]);
    }
    println!("{}", table.render());
    Ok(())
}

struct Run {
    rate: f64,
    own_cpu_s: f64,
    centre_cpu_s: f64,
}

/// The message centre of its own process: prints where it listens and ends with its standard input.
async fn centre(cards: usize) -> Fallible<()> {
    let smsc = Smsc::start(SmscSettings::default(), generate_cards(SEED, cards)).await?;
    println!("{}", smsc.address());
    tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await??;
    smsc.stop().await;
    Ok(())
}

struct Centre {
    process: Child,
    address: SocketAddr,
}

impl Centre {
    fn start(cards: usize) -> Fallible<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .args(["--centre", "--cards", &cards.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        let output = process.stdout.take().ok_or("the centre has no output")?;
        BufReader::new(output).read_line(&mut line)?;
        Ok(Self { address: line.trim().parse()?, process })
    }

    /// CPU seconds used so far.
    fn cpu_s(&self) -> Fallible<f64> {
        cpu_s_of(&format!("/proc/{}/stat", self.process.id()))
    }
}

impl Drop for Centre {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

fn cpu_s_of(path: &str) -> Fallible<f64> {
    let text = std::fs::read_to_string(path)?;
    let behind_name = text.rsplit_once(')').ok_or("no process status")?.1;
    let fields: Vec<_> = behind_name.split_whitespace().collect();
    let ticks: f64 = fields[11].parse::<f64>()? + fields[12].parse::<f64>()?;
    // USER_HZ is 100 on every Linux.
    Ok(ticks / 100.0)
}

async fn round_of(arguments: &Arguments) -> Fallible<Run> {
    let directory = tempfile::tempdir()?;
    let place = match &arguments.store {
        Some(url) => url.clone(),
        None => directory.path().to_string_lossy().into_owned(),
    };
    let store: Arc<dyn Store> = muster_storage::open(StoreConfig::parse(&place)?).await?;
    let settings = Settings { card_keys: Some(sims::card_keys()), ..Settings::default() };
    let services = Services::start(store, Arc::new(SystemClock), Arc::new(OsEntropy), settings).await?;
    eprintln!("loading {} cards", arguments.cards);
    let cards = sims::provision(&services, &generate_cards(SEED, arguments.cards)).await;
    let id = SimCampaignId(1);
    sims::campaign(&services, id, sims::hplmn(), sims::hasty_plan(60), 3, &cards).await;
    let centre = Centre::start(arguments.cards)?;
    let address = (centre.address.ip().to_string(), centre.address.port());
    let mut route = RouteSettings::new("bench", address, ("bench", "bench"), "4900123");
    route.segments_per_second = 1_000_000;
    route.binds = arguments.binds;
    route.window = arguments.window;
    let gateway = SmppGateway::start(vec![route], Arc::new(OsEntropy))?;
    let engine = SimEngine::new(Arc::clone(&services), Arc::new(gateway), SimSettings::default());
    let (stop, stopped) = watch::channel(false);
    let engine = tokio::spawn(Arc::new(engine).run(stopped));

    eprintln!("running");
    let (own_before, centre_before) = (cpu_s_of("/proc/self/stat")?, centre.cpu_s()?);
    let begun = Instant::now();
    sims::command(&services, id, Order::Run).await;
    loop {
        let campaign = sims::read(&services, id).await.value;
        if campaign.status == SimCampaignStatus::Completed {
            break;
        }
        if begun.elapsed() > LIMIT {
            return Err(format!("the campaign did not end within {LIMIT:?}: {}", campaign.reason).into());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let elapsed = begun.elapsed();
    let own_cpu_s = cpu_s_of("/proc/self/stat")? - own_before;
    let centre_cpu_s = centre.cpu_s()? - centre_before;
    let counts = services.sims.campaign_counts(id).await?;
    let confirmed = counts.of(ParticipantStatus::Completed);
    if confirmed != arguments.cards as u64 {
        return Err(format!("only {confirmed} of {} cards confirmed", arguments.cards).into());
    }
    let _ = stop.send(true);
    engine.await?;
    services.store.close().await;
    eprintln!("{confirmed} confirmed in {:.2} s", elapsed.as_secs_f64());
    Ok(Run { rate: confirmed as f64 / elapsed.as_secs_f64(), own_cpu_s, centre_cpu_s })
}
