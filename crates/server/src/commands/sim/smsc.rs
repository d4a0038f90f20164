//! `muster sim smsc`

use super::with_causes;
use crate::failure::{Failure, Outcome};
use crate::output::{print, tell};
use crate::serve::StopSignals;
use clap::{Args, ValueEnum};
use muster_app::ports::{Clock, SystemClock};
use muster_peers::card::CardSpec;
use muster_peers::provision::{generate_cards, read_cards};
use muster_peers::scenario::Scenario;
use muster_peers::smsc::{CoreSettings, Counters, IdFormat, PorPath, Smsc, SmscSettings};
use std::error::Error;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

/// How often the scenario is looked at.
const REREAD: Duration = Duration::from_millis(250);

/// Arguments of `muster sim smsc`.
#[derive(Debug, Args)]
pub(super) struct SmscCommand {
    /// CSV file with the cards: iccid,imsi,msisdn,kvn,kic_algorithm,kic,kid_algorithm,kid,counter and, if wanted, profile
    #[arg(long, value_name = "FILE", required_unless_present = "generate")]
    cards: Option<PathBuf>,
    /// So many cards as `sim cards` makes instead
    #[arg(long, value_name = "COUNT", conflicts_with = "cards")]
    generate: Option<usize>,
    /// Seed of those cards
    #[arg(long, value_name = "NUMBER", default_value_t = 1, requires = "generate")]
    seed: u64,
    /// TOML or JSON file that says who misbehaves; whenever it is saved, its rules apply from then on
    #[arg(long, value_name = "FILE")]
    scenario: Option<PathBuf>,
    /// Address and port to listen on
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:2775")]
    listen: SocketAddr,
    /// Who may bind; everybody if absent
    #[arg(long, value_name = "NAME")]
    system_id: Option<String>,
    /// With which password; any if absent
    #[arg(long, value_name = "PASSWORD")]
    password: Option<String>,
    /// Time from taking a message to its delivery
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 0)]
    latency_ms: u64,
    /// Up to so much more
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 0)]
    jitter_ms: u64,
    /// By which way the card's delivery report comes back
    #[arg(long, value_name = "WAY", value_enum, default_value_t = Way::DeliverUdhi)]
    por_path: Way,
    /// How message ids are written in answers
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Ids::Decimal)]
    ids: Ids,
    /// How message ids are written in receipts
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Ids::Decimal)]
    receipt_ids: Ids,
    /// The validity of messages passes so many times faster than the clock
    #[arg(long, value_name = "FACTOR", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    time_factor: u64,
    /// Tell when a card can be reached again (alert_notification)
    #[arg(long)]
    alerts: bool,
    /// File for every change that a card makes, one JSON object a line
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// Time between lines about what happened; 0 for none
    #[arg(long, value_name = "SECONDS", default_value_t = 5)]
    report_s: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Way {
    /// A deliver_sm with user data header
    DeliverUdhi,
    /// A deliver_sm of the type SME delivery acknowledgement
    DeliverAck,
    /// In hexadecimal in the text of the receipt
    ReceiptText,
    /// As octets in the payload of the receipt
    ReceiptPayload,
    /// In the answer to a data_sm
    DataSmResp,
    /// Not at all
    None,
}

impl From<Way> for PorPath {
    fn from(way: Way) -> Self {
        match way {
            Way::DeliverUdhi => Self::DeliverUdhi,
            Way::DeliverAck => Self::DeliverAck,
            Way::ReceiptText => Self::ReceiptText,
            Way::ReceiptPayload => Self::ReceiptPayload,
            Way::DataSmResp => Self::DataSmResp,
            Way::None => Self::None,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Ids {
    /// 1234
    Decimal,
    /// 000004D2
    Hex,
    /// 4d2
    HexLower,
}

impl From<Ids> for IdFormat {
    fn from(ids: Ids) -> Self {
        match ids {
            Ids::Decimal => Self::Decimal,
            Ids::Hex => Self::Hex,
            Ids::HexLower => Self::HexLower,
        }
    }
}

/// The scenario's file and what it said last.
struct ScenarioFile<'a> {
    path: &'a Path,
    text: String,
    /// What it said at the last look, if that was something new.
    seen: Option<String>,
}

impl<'a> ScenarioFile<'a> {
    fn open(path: &'a Path) -> Outcome<(Self, Scenario)> {
        let failed = |error: &dyn Error| {
            Failure::new(format!("use the scenario {}", path.display()), with_causes(error))
        };
        let text = std::fs::read_to_string(path).map_err(|error| failed(&error))?;
        let scenario = Scenario::parse(&text).map_err(|error| failed(&error))?;
        Ok((Self { path, text, seen: None }, scenario))
    }

    /// The scenario, if the file says something else than before, and said so at two looks: whoever saves a file may
    /// be in the middle of it at the first. One that cannot be used is told once.
    async fn changed(&mut self) -> Option<Scenario> {
        let text = tokio::fs::read_to_string(self.path).await.ok()?;
        if text == self.text || self.seen.as_ref() != Some(&text) {
            self.seen = Some(text);
            return None;
        }
        self.text = text;
        match Scenario::parse(&self.text) {
            Ok(scenario) => Some(scenario),
            Err(error) => {
                tell(&format!("the rules stay as they were: {error}"));
                None
            }
        }
    }
}

impl SmscCommand {
    /// Is a message centre until a signal asks to stop.
    pub(super) async fn run(self) -> Outcome<ExitCode> {
        let mut signals = StopSignals::listen()?;
        let cards = self.cards()?;
        let (mut file, scenario) = match self.scenario.as_deref().map(ScenarioFile::open).transpose()? {
            Some((file, scenario)) => (Some(file), scenario),
            None => (None, Scenario::default()),
        };
        let count = cards.len();
        let rules = scenario.rules.len();
        let smsc = Smsc::start(self.settings(scenario), cards)
            .await
            .map_err(|error| Failure::new("simulate a message centre", with_causes(&error)))?;
        self.greet(smsc.address(), count, rules);

        let mut reread = tokio::time::interval(REREAD);
        let mut report = tokio::time::interval(Duration::from_secs(self.report_s.max(1)));
        let mut reported = smsc.counters();
        let signal = loop {
            tokio::select! {
                signal = signals.next() => break signal,
                _ = reread.tick(), if file.is_some() => {
                    let Some(file) = &mut file else { continue };
                    if let Some(scenario) = file.changed().await {
                        print(&format!("{}: {} from now on\n", file.path.display(), rules_in(scenario.rules.len())));
                        smsc.set_rules(scenario);
                    }
                }
                _ = report.tick(), if self.report_s > 0 => {
                    let now = smsc.counters();
                    if now != reported {
                        print(&line(&now, &reported, self.report_s));
                        reported = now;
                    }
                }
            }
        };
        let counters = smsc.counters();
        smsc.stop().await;
        let counters = serde_json::to_string(&counters).map_err(|error| Failure::new("count", error))?;
        print(&format!("stopped by {signal}\n{counters}\n"));
        Ok(ExitCode::SUCCESS)
    }

    fn cards(&self) -> Outcome<Vec<CardSpec>> {
        let Some(path) = &self.cards else {
            return Ok(generate_cards(self.seed, self.generate.unwrap_or_default()));
        };
        let failed = |error: &dyn Error| {
            Failure::new(format!("use the cards of {}", path.display()), with_causes(error))
        };
        let file = std::fs::File::open(path).map_err(|error| failed(&error))?;
        read_cards(std::io::BufReader::new(file)).map_err(|error| failed(&error))
    }

    fn settings(&self, scenario: Scenario) -> SmscSettings {
        let started_at_ms = u64::try_from(SystemClock.now().0).unwrap_or_default();
        SmscSettings {
            listen: self.listen,
            system_id: self.system_id.clone(),
            password: self.password.clone(),
            started_at_ms,
            log: self.log.clone(),
            core: CoreSettings {
                latency_ms: self.latency_ms,
                jitter_ms: self.jitter_ms,
                por_path: self.por_path.into(),
                answer_ids: self.ids.into(),
                receipt_ids: self.receipt_ids.into(),
                // Another run must not give out the same ids.
                first_message_id: started_at_ms / 1_000,
                time_factor: self.time_factor,
                alerts: self.alerts,
                scenario,
                ..CoreSettings::default()
            },
            ..SmscSettings::default()
        }
    }

    fn greet(&self, address: SocketAddr, cards: usize, rules: usize) {
        let who = match &self.system_id {
            Some(name) => format!("{name:?} may bind"),
            None => "everybody may bind".to_owned(),
        };
        let scenario = match &self.scenario {
            Some(path) => format!("{}: {}; save it to change them\n", path.display(), rules_in(rules)),
            None => String::new(),
        };
        print(&format!(
            "the message centre listens on {address} with {cards} cards; {who}\n\
             {scenario}stop it with Ctrl-C or SIGTERM\n"
        ));
    }
}

fn rules_in(count: usize) -> String {
    match count {
        0 => "no rules".to_owned(),
        1 => "1 rule".to_owned(),
        count => format!("{count} rules"),
    }
}

/// One line about what happened since the last.
fn line(now: &Counters, before: &Counters, seconds: u64) -> String {
    let rate = (now.submits - before.submits) / seconds.max(1);
    format!(
        "taken {} ({rate}/s), delivered {}, packets run {} of {}, changes {}, receipts {}, answers {}, \
         acknowledged {}, throttled {}, refused {}\n",
        now.submits,
        now.delivered,
        now.packets_run,
        now.packets,
        now.writes,
        now.receipts,
        now.answers,
        now.deliveries_acknowledged,
        now.throttled,
        now.refused
    )
}
