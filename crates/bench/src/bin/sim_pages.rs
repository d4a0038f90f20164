//! Pages of a campaign's participants: the first against the last.

use clap::Parser;
use muster_app::ports::{NewParticipant, OsEntropy, PageOf, SimWrite, SystemClock};
use muster_app::{Services, Settings};
use muster_bench::fixture::Fallible;
use muster_bench::table::{Table, median, thousands};
use muster_domain::ids::{SimCampaignId, SimNumber};
use muster_domain::participant::ParticipantStatus;
use muster_domain::sim::{Iccid, ImsiMsisdn, Sim, SimName};
use muster_storage::StoreConfig;
use muster_testkit::sims;
use std::sync::Arc;
use std::time::Instant;

/// Entries of one write while loading.
const CHUNK: u64 = 1000;

#[derive(Parser)]
#[command(about = "Pages of participants, the first against the last")]
struct Arguments {
    /// Participants of the campaign.
    #[arg(long, default_value_t = 2_000_000)]
    participants: u64,
    /// Rows of a page.
    #[arg(long, default_value_t = 100)]
    size: u32,
    /// Times each page is read; the median is shown.
    #[arg(long, default_value_t = 2000)]
    reads: usize,
    /// `postgres://` URL of an empty database; the embedded store otherwise.
    #[arg(long)]
    store: Option<String>,
}

fn main() -> Fallible<()> {
    tokio::runtime::Runtime::new()?.block_on(run(&Arguments::parse()))
}

async fn run(arguments: &Arguments) -> Fallible<()> {
    let directory = tempfile::tempdir()?;
    let place = arguments.store.clone().unwrap_or_else(|| directory.path().to_string_lossy().into_owned());
    let store = muster_storage::open(StoreConfig::parse(&place)?).await?;
    let services =
        Services::start(store, Arc::new(SystemClock), Arc::new(OsEntropy), Settings::default()).await?;
    let id = SimCampaignId(1);
    load(&services, id, arguments.participants).await?;

    let last = arguments.participants.div_ceil(u64::from(arguments.size));
    let pages = [1, last / 2, last];
    let mut times: Vec<Vec<f64>> = vec![Vec::new(); pages.len()];
    // In turns, so that whatever else the machine does hits all of them alike.
    for _ in 0..arguments.reads {
        for (number, times) in pages.iter().zip(&mut times) {
            let page = PageOf { number: *number, size: arguments.size };
            let begun = Instant::now();
            let read = services.sims.page_participants(id, page).await?;
            times.push(begun.elapsed().as_secs_f64() * 1e6);
            if read.total != arguments.participants || read.rows.is_empty() {
                return Err(format!("page {number} has {} rows of {}", read.rows.len(), read.total).into());
            }
        }
    }
    let title = format!(
        "Pages of {} of {} participants, {} reads each",
        arguments.size,
        thousands(arguments.participants as f64),
        thousands(arguments.reads as f64)
    );
    let mut table = Table::new(&title, &["page", "p50 in µs", "against the first"]);
    let first = median(&times[0]);
    for (number, times) in pages.iter().zip(&times) {
        let p50 = median(times);
        table.row([thousands(*number as f64), format!("{p50:.0}"), format!("{:.2}", p50 / first)]);
    }
    println!("{}", table.render());
    services.store.close().await;
    Ok(())
}

fn iccid(number: u64) -> Fallible<Iccid> {
    Ok(format!("8935771{number:012}").parse()?)
}

async fn load(services: &Services, id: SimCampaignId, participants: u64) -> Fallible<()> {
    // One card with all that belongs to it makes organization, account, template and campaign.
    let specs = muster_peers::provision::generate_cards(7, 1);
    let made = sims::provision(services, &specs).await;
    sims::campaign(services, id, sims::hplmn(), sims::hasty_plan(60), 3, &made).await;
    let mut begun = 1;
    while begun < participants {
        let end = (begun + CHUNK).min(participants);
        let mut cards = Vec::new();
        for number in begun..end {
            let pair = ImsiMsisdn {
                imsi: format!("90143{number:010}"),
                msisdn: Some(format!("88239{number:010}")),
                is_last_active: true,
            };
            cards.push((
                Sim { iccid: iccid(number)?, imsi_msisdn_pairs: vec![pair], ..made[0].clone() },
                Vec::new(),
            ));
        }
        let names: Vec<_> = cards.iter().map(|(sim, _)| SimName::Iccid(sim.iccid.to_string())).collect();
        services.sims.write_sims(vec![SimWrite::LoadSims(cards)]).await?;
        let numbers: Vec<SimNumber> = services
            .sims
            .sims_by_names(&names)
            .await?
            .into_iter()
            .map(|sim| sim.map(|sim| sim.value.number).ok_or("a SIM is missing"))
            .collect::<Result<_, _>>()?;
        let mut rows = Vec::new();
        for (number, sim) in (begun..end).zip(numbers) {
            rows.push(NewParticipant {
                id: None,
                sim,
                iccid: iccid(number)?,
                status: ParticipantStatus::Completed,
                attempt: 1,
                code: "200".to_owned(),
                message: "OK - UPDATE - 3F00/ADF1/6F31 - data: 05".to_owned(),
                updated_at: services.clock.now(),
            });
        }
        services.sims.write_sims(vec![SimWrite::Enrol { campaign: id, participants: rows }]).await?;
        begun = end;
        if begun.is_multiple_of(100 * CHUNK) {
            eprintln!("{} of {} loaded", thousands(begun as f64), thousands(participants as f64));
        }
    }
    Ok(())
}
