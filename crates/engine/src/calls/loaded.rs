//! A campaign with everything that a call of it needs, read once for each of its versions.

use super::Shared;
use super::gate::Gate;
use jiff::tz::TimeZone;
use muster_app::ports::{DocumentKind, Prompt, StoreResult, Versioned};
use muster_domain::calls::call::{CallOutcome, LedgerDay};
use muster_domain::calls::campaign::{CallCampaign, Mode, Pacing, ScriptStep};
use muster_domain::calls::client::Client;
use muster_domain::calls::contact::Rules;
use muster_domain::calls::pacing::{PacingMode, PacingSettings};
use muster_domain::calls::result_code::ResultCode;
use muster_domain::ids::{CallCampaignId, ResultCodeId};
use muster_domain::time::UnixMillis;
use std::collections::BTreeMap;
use std::sync::Arc;

/// How many days of the ledger are read: more than any window of a policy.
const LEDGER_DAYS: i32 = 400;

/// Who has the contacts of a campaign called.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Work {
    /// The script speaks.
    Agentless,
    /// Agents, and calls are placed ahead of them by a rule.
    Paced(PacingMode),
    /// Agents are shown the next contact, which is then called.
    Preview,
    /// Agents ask for each call.
    Manual,
}

/// A campaign that this node conducts.
pub(super) struct Loaded {
    pub(super) campaign: CallCampaign,
    pub(super) version: u64,
    /// Names this node's conduct of it.
    pub(super) fence: u64,
    pub(super) client: Client,
    /// The client account's.
    pub(super) zone: TimeZone,
    pub(super) codes: Vec<ResultCode>,
    pub(super) gate: Gate,
    pub(super) prompts: BTreeMap<String, Arc<Prompt>>,
    /// The ledger as it was when this node took the campaign.
    pub(super) ledger: Vec<LedgerDay>,
    /// What is missing before anything can be dialled, for people; empty where nothing is.
    pub(super) lacks: String,
}

impl Loaded {
    /// Reads what belongs to `campaign`.
    pub(super) async fn read(
        shared: &Shared,
        campaign: Versioned<CallCampaign>,
        fence: u64,
    ) -> StoreResult<Option<Self>> {
        let store = &shared.services.calls;
        let Versioned { value: campaign, version } = campaign;
        let Some(client) = store.client(campaign.client).await? else { return Ok(None) };
        let client = client.value;
        let zone = TimeZone::get(&client.zone).unwrap_or(TimeZone::UTC);
        let codes = store.result_codes(campaign.id).await?;
        let documents = store.documents(client.id, DocumentKind::Policy).await?;
        let now = shared.services.clock.now();
        let ledger = store.ledger(campaign.id, day_of(now, &zone) - LEDGER_DAYS).await?;
        let gate = Gate::of(&campaign, &client, &documents, &shared.settings);
        let mut prompts = BTreeMap::new();
        let mut missing = None;
        for name in prompt_names(&campaign) {
            match store.prompt(client.id, &name).await? {
                Some(samples) => {
                    let prompt = Prompt { name: name.clone(), samples: samples_of(&samples) };
                    prompts.insert(name, Arc::new(prompt));
                }
                None => missing = Some(name),
            }
        }
        let mut loaded = Self {
            campaign,
            version,
            fence,
            client,
            zone,
            codes,
            gate,
            prompts,
            ledger,
            lacks: String::new(),
        };
        loaded.lacks = loaded.what_is_lacking(missing.as_deref());
        Ok(Some(loaded))
    }

    fn what_is_lacking(&self, missing_prompt: Option<&str>) -> String {
        if let Some(problem) = self.gate.problem() {
            return problem.to_owned();
        }
        let script_lacks = self.work() == Work::Agentless && self.campaign.dialling.script.is_empty();
        if script_lacks {
            return "an agentless campaign needs a script".to_owned();
        }
        // Without the message campaigns with agents go on progressively; a script cannot do without its prompts.
        match missing_prompt {
            Some(name) if self.work() == Work::Agentless => format!("the prompt {name:?} does not exist"),
            _ => String::new(),
        }
    }

    pub(super) fn id(&self) -> CallCampaignId {
        self.campaign.id
    }

    /// Who has its contacts called.
    pub(super) fn work(&self) -> Work {
        match (self.campaign.dialling.pacing, self.campaign.mode) {
            (Some(Pacing::Progressive), _) => Work::Paced(PacingMode::Progressive),
            (Some(Pacing::Power { ratio }), _) => Work::Paced(PacingMode::Power { ratio }),
            (Some(Pacing::Predictive), _) => Work::Paced(PacingMode::Predictive),
            (None, Mode::Ivr) => Work::Agentless,
            (None, Mode::Preview) => Work::Preview,
            (None, Mode::Manual) => Work::Manual,
        }
    }

    /// What the pacer is told. Whoever answers and finds no agent must hear the message, so without it nothing is
    /// dialled ahead of agents; nor without a policy that permits it.
    pub(super) fn pacing(&self) -> PacingSettings {
        let mode = match self.work() {
            Work::Agentless => PacingMode::Agentless,
            Work::Paced(mode) if self.message().is_some() && self.gate.permits_ahead(&self.campaign) => mode,
            _ => PacingMode::Progressive,
        };
        let dialling = &self.campaign.dialling;
        let handle_ms = dialling.expected_handle_s.saturating_mul(1000);
        let wrap_ms = dialling.wrap_s.saturating_mul(1000).min(handle_ms / 2);
        PacingSettings {
            mode,
            ring_limit_ms: self.ring_s().saturating_mul(1000),
            expected_talk_ms: handle_ms - wrap_ms,
            expected_wrap_ms: wrap_ms,
            predictive_min_agents: dialling.predictive_min_agents,
            ..self.gate.pacing()
        }
    }

    /// How long its calls may ring: never shorter than the policy's least.
    pub(super) fn ring_s(&self) -> u32 {
        self.campaign.max_ring_s.max(self.gate.min_ring_s())
    }

    /// Whether it is listened who answers. An agent who is free is connected all the same, before anything is known;
    /// policies may forbid even that.
    pub(super) fn listens(&self) -> bool {
        self.campaign.mailbox_detection && self.gate.permits_detection()
    }

    /// What somebody hears for whom no agent is free.
    pub(super) fn message(&self) -> Option<&Arc<Prompt>> {
        self.prompts.get(self.campaign.dialling.message.as_deref()?)
    }

    pub(super) fn rules(&self) -> Rules {
        Rules::of(&self.campaign, self.gate.redial_after_abandon_s())
    }

    /// The code of an export key.
    pub(super) fn code_of(&self, export_key: &str) -> Option<&ResultCode> {
        self.codes.iter().find(|code| code.export_key == export_key)
    }

    /// The code of an id.
    pub(super) fn code(&self, id: Option<ResultCodeId>) -> Option<&ResultCode> {
        self.codes.iter().find(|code| Some(code.id) == id)
    }

    /// The code for an outcome that no agent saw.
    pub(super) fn code_for(&self, outcome: CallOutcome) -> Option<&ResultCode> {
        self.code_of(self.campaign.dialling.outcomes.get(&outcome)?)
    }

    /// Whether it may dial at `now` as far as its own times go; else why not.
    pub(super) fn closed_at(&self, now: UnixMillis) -> Option<&'static str> {
        if !self.campaign.is_valid_at(now) {
            return Some("outside dtFrom and dtTo");
        }
        let times = &self.campaign.active_times;
        let open = times.is_empty() || times.iter().any(|span| span.opened_at(now, &self.zone).is_some());
        (!open).then_some("outside its active times")
    }
}

/// The prompts that a campaign names.
fn prompt_names(campaign: &CallCampaign) -> Vec<String> {
    fn collect(steps: &[ScriptStep], names: &mut Vec<String>) {
        for step in steps {
            match step {
                ScriptStep::Play { prompt } => names.push(prompt.clone()),
                ScriptStep::Collect { keys, otherwise, .. } => {
                    for steps in keys.values() {
                        collect(steps, names);
                    }
                    collect(otherwise, names);
                }
                _ => {}
            }
        }
    }
    let mut names: Vec<String> = campaign.dialling.message.iter().cloned().collect();
    collect(&campaign.dialling.script, &mut names);
    names.sort_unstable();
    names.dedup();
    names
}

fn samples_of(octets: &[u8]) -> Vec<i16> {
    octets.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect()
}

/// The day of the client account's calendar, in days since 1970-01-01.
pub(super) fn day_of(at: UnixMillis, zone: &TimeZone) -> i32 {
    let Some(instant) = at.to_jiff() else { return 0 };
    let date = instant.to_zoned(zone.clone()).date();
    let epoch = jiff::civil::date(1970, 1, 1);
    date.since(epoch).map_or(0, |span| span.get_days())
}
