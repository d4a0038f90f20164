//! A SIM campaign that is really running: cards in a simulated message centre of this process, reached by the driver
//! that reaches real ones.

use super::connectivity as connectivity_demo;
use crate::config::Config;
use crate::failure::{Failure, Outcome};
use muster_app::Services;
use muster_app::ports::PageOf;
use muster_app::usecases::connectivity::{
    self, KeySetInClear, NewCampaign, NewSim, NewTemplate, SimIdentifier,
};
use muster_domain::sim::{CipherAlgorithm, ImsiMsisdn, Operation, SimName, TemplateKind};
use muster_domain::sim_campaign::{Backoff, Command, Plan, Thresholds, Wave, WaveEnd};
use muster_drivers::sms::RouteSettings;
use muster_peers::provision::{generate_cards, write_cards};
use muster_peers::scenario::{Hex, Rule, Scenario};
use muster_peers::smsc::{CoreSettings, Smsc, SmscSettings};
use zeroize::Zeroizing;

/// Cards of the demo, made up from this seed; they are the same at every start.
const CARDS: usize = 300;
const SEED: u64 = 2026;
/// SIMs of one load or enrolment.
const CHUNK: usize = 100;

/// By its name the campaign is recognized when the demo is loaded again.
const NAME: &str = "Look for the home network every 30 minutes";

/// Starts a message centre with the demo's cards on a free port of this machine, and adds a route to it where the
/// settings name none. The centre ends with the value.
pub async fn centre(config: &mut Config) -> Outcome<Smsc> {
    // A few cards are away at first, some answers get lost: there is something to see.
    let scenario = Scenario::of([
        Rule { unreachable_for_ms: Some(45_000), share: Some(0.05), ..Rule::for_all() },
        Rule { no_por: true, share: Some(0.02), ..Rule::for_all() },
        Rule { sw: Some(Hex(0x6F00)), sw_at: Some(3), share: Some(0.02), ..Rule::for_all() },
    ]);
    let core = CoreSettings { latency_ms: 800, jitter_ms: 1_500, scenario, ..CoreSettings::default() };
    let settings = SmscSettings { core, ..SmscSettings::default() };
    let smsc = Smsc::start(settings, generate_cards(SEED, CARDS))
        .await
        .map_err(|error| Failure::new("start the demo's simulated message centre", error))?;
    if config.sim.routes.is_empty() {
        let place = (smsc.address().ip().to_string(), smsc.address().port());
        config.sim.routes.push(RouteSettings::new("simulated", place, ("demo", "demo"), "4900123"));
    }
    Ok(smsc)
}

/// Loads the cards into the sub-customer's account and lets a campaign over them run, unless it is there already.
pub(super) async fn load(services: &Services) -> Outcome<()> {
    let refused = |error: &dyn std::fmt::Display| Failure::new("load the demo's SIM campaign", error);
    let stored = services.sims.account(connectivity_demo::SUB).await.map_err(|error| refused(&error))?;
    let account = &stored.ok_or_else(|| refused(&"the demo's sub-customer is not there"))?.value;
    if services.card_keys().is_err() {
        // On PostgreSQL the key has to be given; everything else of the demo does without.
        tracing::warn!("the demo's SIM campaign is left out: sim.card_key is not set");
        return Ok(());
    }
    let first = PageOf { number: 1, size: 1000 };
    let campaigns =
        connectivity::page_campaigns(services, account, first).await.map_err(|error| refused(&error))?;
    if campaigns.rows.iter().any(|campaign| campaign.name == NAME) {
        return Ok(());
    }
    let cards = cards().map_err(|error| refused(&error))?;
    let names: Vec<_> =
        cards.iter().map(|card| SimIdentifier::Name(SimName::Iccid(card.iccid.to_string()))).collect();
    let mut left = cards;
    while !left.is_empty() {
        let rest = left.split_off(CHUNK.min(left.len()));
        // An interrupted load is taken up where it was left.
        let name = SimName::Iccid(left[0].iccid.to_string());
        let found = services.sims.sims_by_names(&[name]).await.map_err(|error| refused(&error))?;
        if found.iter().all(Option::is_none) {
            connectivity::load_sims(services, account.id, account, left)
                .await
                .map_err(|error| refused(&error))?;
        }
        left = rest;
    }
    let path = "3F00/ADF1/6F31".parse().map_err(|error| refused(&error))?;
    let template = NewTemplate {
        id: None,
        name: NAME.to_owned(),
        description: "Writes 05 (five times six minutes) into EF_HPPLMN".to_owned(),
        kind: TemplateKind::FileUpdate,
        operations: vec![Operation::UpdateBinary { path, offset: 0, data: "05".to_owned() }],
        accept_replay_as_done: false,
        fail_fast: false,
    };
    let (template, _) =
        connectivity::create_template(services, account, template).await.map_err(|error| refused(&error))?;
    let canary = Wave { cards: Some(10), percent: None, success_percent: 70, then: WaveEnd::Continue };
    let thresholds = Thresholds { error_percent: Some(60), minimum_ended: 10, config_errors: Some(5) };
    let new = NewCampaign {
        name: NAME.to_owned(),
        description: "A canary of ten cards, then all others, two a second".to_owned(),
        template,
        starts_at: None,
        ends_at: None,
        max_retries: Some(5),
        plan: Plan {
            waves: vec![canary],
            thresholds,
            pace_per_s: Some(2),
            por_timeout_s: 60,
            backoff: Backoff {
                unreachable_base_s: 20,
                unreachable_cap_s: 120,
                error_base_s: 10,
                error_cap_s: 60,
            },
            ..Plan::default()
        },
    };
    let (campaign, _) =
        connectivity::create_campaign(services, account, new).await.map_err(|error| refused(&error))?;
    for names in names.chunks(CHUNK) {
        connectivity::enrol(services, account, campaign.id, names).await.map_err(|error| refused(&error))?;
    }
    connectivity::control_campaign(services, account, campaign.id, Command::Run)
        .await
        .map_err(|error| refused(&error))?;
    Ok(())
}

/// The simulated cards as an operator would import them.
fn cards() -> Result<Vec<NewSim>, Box<dyn std::error::Error + Send + Sync>> {
    let mut table = Zeroizing::new(Vec::new());
    write_cards(&mut *table, &generate_cards(SEED, CARDS))?;
    let algorithm =
        |name: &str| CipherAlgorithm::from_name(name).ok_or_else(|| format!("no algorithm {name:?}"));
    let mut cards = Vec::new();
    for row in csv::Reader::from_reader(&table[..]).records() {
        let row = row?;
        let pair =
            ImsiMsisdn { imsi: row[1].to_owned(), msisdn: Some(row[2].to_owned()), is_last_active: true };
        let keys = KeySetInClear {
            kvn: row[3].parse()?,
            kic_algorithm: algorithm(&row[4])?,
            kic: Zeroizing::new(row[5].to_owned()),
            kid_algorithm: algorithm(&row[6])?,
            kid: Zeroizing::new(row[7].to_owned()),
            next_counter: row[8].parse::<u64>()? + 1,
        };
        cards.push(NewSim { key_sets: vec![keys], ..NewSim::new(row[0].parse()?, vec![pair]) });
    }
    Ok(cards)
}
