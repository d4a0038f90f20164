//! Calls end to end: real store, real SIP driver with sound, and telephones in a process of their own.

use clap::Parser;
use muster_app::ports::{OsEntropy, Store, SystemClock};
use muster_app::usecases::dialler::CampaignInput;
use muster_app::{Services, Settings};
use muster_bench::fixture::Fallible;
use muster_bench::table::{Table, thousands};
use muster_domain::calls::call::CallOutcome;
use muster_domain::calls::campaign::{Dialling, Mode, ScriptStep};
use muster_drivers::sip::{SipSettings, SipTelephony, TrunkSettings};
use muster_engine::calls::{CallEngine, CallSettings, StoredAgents};
use muster_peers::phones::{Phones, PhonesSettings, Plan, Sound, Step, Talk, Then};
use muster_storage::StoreConfig;
use muster_testkit::calls;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// Longest time a run may take.
const LIMIT: Duration = Duration::from_mins(5);

#[derive(Parser)]
#[command(about = "Calls end to end over loopback")]
struct Arguments {
    /// Calls of a run.
    #[arg(long, default_value_t = 4_000)]
    calls: usize,
    /// Calls at a time.
    #[arg(long, default_value_t = 300)]
    lines: u32,
    /// Calls a second that the trunk takes.
    #[arg(long, default_value_t = 1_000)]
    cps: u32,
    /// Milliseconds that the telephones talk.
    #[arg(long, default_value_t = 500)]
    talk_ms: u64,
    /// Plays the telephones; used by the benchmark itself.
    #[arg(long, hide = true)]
    phones: bool,
}

fn main() -> Fallible<()> {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Runtime::new()?;
    if arguments.phones {
        return runtime.block_on(telephones(&arguments));
    }
    runtime.block_on(run(&arguments))
}

fn number(place: usize) -> String {
    calls::number(place, 800)
}

/// Telephones that answer at once and hang up after a while; the process ends with its standard input.
async fn telephones(arguments: &Arguments) -> Fallible<()> {
    let plan = Plan {
        name: "bench".to_owned(),
        steps: vec![Step { after_ms: 0, then: Then::Ringing }, Step { after_ms: 50, then: Then::Answer }],
        talk: Talk { sound: Sound::Tone, hang_up_after_ms: Some(arguments.talk_ms), ..Talk::default() },
        ..Plan::default()
    };
    let plans: BTreeMap<_, _> = (0..arguments.calls).map(|place| (number(place), plan.clone())).collect();
    let phones = Phones::start(PhonesSettings { plans, ..PhonesSettings::default() }).await?;
    println!("{}", phones.addr());
    tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await??;
    let answered = phones.counters().answered;
    eprintln!("the telephones answered {answered} calls");
    phones.stop().await;
    Ok(())
}

struct Telephones {
    process: Child,
    address: SocketAddr,
}

impl Telephones {
    fn start(arguments: &Arguments) -> Fallible<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .args(["--phones", "--calls", &arguments.calls.to_string()])
            .args(["--talk-ms", &arguments.talk_ms.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        let output = process.stdout.take().ok_or("the telephones have no output")?;
        BufReader::new(output).read_line(&mut line)?;
        Ok(Self { address: line.trim().parse()?, process })
    }

    fn cpu_s(&self) -> Fallible<f64> {
        cpu_s_of(&format!("/proc/{}/stat", self.process.id()))
    }
}

impl Drop for Telephones {
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

async fn run(arguments: &Arguments) -> Fallible<()> {
    let directory = tempfile::tempdir()?;
    let place = directory.path().to_string_lossy().into_owned();
    let store: Arc<dyn Store> = muster_storage::open(StoreConfig::parse(&place)?).await?;
    let services =
        Services::start(store, Arc::new(SystemClock), Arc::new(OsEntropy), Settings::default()).await?;
    let client = calls::client(&services, None).await;
    calls::prompt(&services, client, "hello", 10_000).await;
    let input = CampaignInput {
        mode: Some(Mode::Ivr),
        max_parallel_lines: Some(Some(arguments.lines)),
        max_ring_s: Some(20),
        ..CampaignInput::default()
    };
    let script = vec![ScriptStep::Play { prompt: "hello".to_owned() }];
    let campaign =
        calls::campaign(&services, client, "Bench", input, Dialling { script, ..Dialling::default() }).await;
    let numbers: Vec<_> = (0..arguments.calls).map(|place| vec![number(place)]).collect();
    calls::contacts(&services, &campaign, &numbers).await;
    let telephones = Telephones::start(arguments)?;
    let mut trunk = TrunkSettings::new("bench", telephones.address.to_string(), "4930990000");
    trunk.enabled = true;
    // A line stays taken until the far side has acknowledged the end.
    trunk.max_channels = arguments.lines + 50;
    trunk.cps = arguments.cps;
    let sip = SipSettings { port: 0, trunks: vec![trunk], ..SipSettings::default() };
    let directory = Arc::new(StoredAgents::new(Arc::clone(&services)));
    let telephony = Arc::new(SipTelephony::start(sip, directory).await?);
    let settings = CallSettings { poll: Duration::from_millis(50), ..CallSettings::default() };
    let lines: Arc<SipTelephony> = Arc::clone(&telephony);
    let engine = CallEngine::new(Arc::clone(&services), lines, settings);
    let (stop, stopped) = watch::channel(false);
    let engine = tokio::spawn(engine.run(stopped));

    let (own_before, phones_before) = (cpu_s_of("/proc/self/stat")?, telephones.cpu_s()?);
    let begun = Instant::now();
    calls::start(&services, client, campaign.id).await;
    let mut most = 0;
    loop {
        let counts = calls::counts(&services, campaign.id).await;
        most = most.max(counts.open_calls);
        if counts.outcomes.values().sum::<u64>() >= arguments.calls as u64 && counts.open_calls == 0 {
            break;
        }
        if begun.elapsed() > LIMIT {
            return Err(format!("not all calls ended within {LIMIT:?}: {counts:?}").into());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let elapsed = begun.elapsed().as_secs_f64();
    let counts = calls::counts(&services, campaign.id).await;
    let answered = [CallOutcome::Answered, CallOutcome::ShortCall]
        .iter()
        .filter_map(|outcome| counts.outcomes.get(outcome))
        .sum::<u64>();
    if answered != arguments.calls as u64 {
        return Err(format!("not all calls were answered: {counts:?}").into());
    }
    let own_cpu_s = cpu_s_of("/proc/self/stat")? - own_before;
    let phones_cpu_s = telephones.cpu_s()? - phones_before;
    let _ = stop.send(true);
    engine.await?;
    telephony.stop(Duration::from_secs(2)).await;
    services.store.close().await;
    let title = format!(
        "{} agentless calls with sound, {} ms of talk, {} lines",
        thousands(arguments.calls as f64),
        arguments.talk_ms,
        arguments.lines
    );
    let mut table = Table::new(
        &title,
        &["calls per second", "most at a time", "CPU s, server", "CPU s, telephones", "seconds"],
    );
    table.row([
        thousands(arguments.calls as f64 / elapsed),
        most.to_string(),
        format!("{own_cpu_s:.1}"),
        format!("{phones_cpu_s:.1}"),
        format!("{elapsed:.1}"),
    ]);
    println!("{}", table.render());
    Ok(())
}
