//! The rules by which a contact may be called: the policy of a campaign, as the board and the choice ask it.

use super::CallSettings;
use super::loaded::{Loaded, day_of};
use jiff::tz::TimeZone;
use muster_app::ports::Versioned;
use muster_domain::calls::call::LedgerDay;
use muster_domain::calls::campaign::{CallCampaign, Mode};
use muster_domain::calls::client::{Client, NumberRecord};
use muster_domain::calls::contact::Contact;
use muster_domain::calls::number::{DialRules, E164};
use muster_domain::calls::pacing::{LedgerWindow, PacingSettings};
use muster_domain::calls::policy::{
    AnswerDetection, CallQuestion, Consent, Policies, Policy, Verdict, preset, rules,
};
use muster_domain::time::UnixMillis;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

/// Seconds until a number is looked at again that no time will free as far as is known now.
const NO_TIME_HELPS_S: i64 = 24 * 3600;
/// Seconds until a number is looked at again to which another call lasts.
const NUMBER_BUSY_S: i64 = 60;
/// A day, for the time after an abandoned call where no policy says.
const REDIAL_DEFAULT_S: i64 = 72 * 3600;

/// The policies of a campaign. All of them hold.
pub(super) struct Gate {
    policies: Vec<Policy>,
    problem: Option<String>,
    dial_rules: DialRules,
    connect_limit: Duration,
}

/// Which of a contact's numbers may be called now.
pub(super) struct Permit {
    /// Those, as a mask: bit 0 is number 1.
    pub(super) mask: u8,
    /// Indexes of numbers that must not be called at any time.
    pub(super) forbidden: Vec<u8>,
    /// When one of the others may be called.
    pub(super) next: Option<UnixMillis>,
    /// The rule that refused the first one that was refused.
    pub(super) rule: String,
    /// What it said, for people.
    pub(super) reason: String,
    records: BTreeMap<String, (NumberRecord, u64)>,
}

impl Permit {
    /// What is remembered of a number, with the version read.
    pub(super) fn record(&self, number: &str) -> Option<(NumberRecord, u64)> {
        self.records.get(number).cloned()
    }
}

impl Gate {
    /// The rules of a campaign: its client account's policy, and the one that it names itself. Both hold.
    pub(super) fn of(
        campaign: &CallCampaign,
        client: &Client,
        documents: &[(String, Value)],
        settings: &CallSettings,
    ) -> Self {
        let mut gate = Self {
            policies: Vec::new(),
            problem: None,
            dial_rules: settings.dial_rules.clone(),
            connect_limit: settings.connect_limit,
        };
        let mut names: Vec<&String> = client.policy.iter().chain(campaign.dialling.policy.iter()).collect();
        names.dedup();
        for name in names {
            let own = documents.iter().find(|(known, _)| known == name).map(|(_, body)| body.clone());
            match own.map(Policy::from_value) {
                Some(Ok(policy)) => gate.policies.push(policy),
                Some(Err(error)) => {
                    gate.problem = Some(format!("the policy {name:?} cannot be used: {error}"));
                }
                None => match preset(name) {
                    Some(preset) => gate.policies.push(preset.policy),
                    None => gate.problem = Some(format!("the policy {name:?} does not exist")),
                },
            }
        }
        gate
    }

    fn ask<T>(&self, question: impl FnOnce(Policies<'_>) -> T) -> T {
        let policies: Vec<&Policy> = self.policies.iter().collect();
        question(Policies::new(&policies))
    }

    /// Why nothing may be called, where a policy cannot be used.
    pub(super) fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }

    pub(super) fn min_ring_s(&self) -> u32 {
        self.ask(|policies| policies.min_ring_s())
    }

    /// Within what time somebody who answered has an agent.
    pub(super) fn connect_limit(&self) -> Duration {
        self.ask(|policies| policies.connect_limit_ms())
            .map_or(self.connect_limit, |limit| Duration::from_millis(u64::from(limit)))
    }

    pub(super) fn redial_after_abandon_s(&self) -> i64 {
        self.policies
            .iter()
            .map(|policy| i64::from(policy.redial_after_abandon.hours) * 3600)
            .max()
            .unwrap_or(REDIAL_DEFAULT_S)
    }

    /// The keys by which whoever hears the message is never called again.
    pub(super) fn is_opt_out(&self, digit: char) -> bool {
        self.policies.iter().any(|policy| policy.message.opt_out_key == digit)
    }

    /// Whether calls may be placed ahead of agents. Without a policy they may not.
    pub(super) fn permits_ahead(&self, campaign: &CallCampaign) -> bool {
        let has_message = campaign.dialling.message.is_some();
        !self.policies.is_empty()
            && self.ask(|policies| policies.permits_predictive(has_message, campaign.shown_number())).is_ok()
    }

    /// Whether it may be listened who answers.
    pub(super) fn permits_detection(&self) -> bool {
        self.ask(|policies| policies.permits_detection(AnswerDetection::AgentFirst)).is_ok()
    }

    /// Cap and aim of the pacer.
    pub(super) fn pacing(&self) -> PacingSettings {
        let defaults = PacingSettings::default();
        let cap = self.policies.iter().map(|policy| policy.abandon.cap).min_by(f64::total_cmp);
        let target = self.ask(|policies| policies.target_share());
        let (cap, target_factor) = match (cap, target) {
            (Some(cap), Some(target)) if cap > 0.0 => (cap, target / cap),
            (Some(cap), _) => (cap, defaults.target_factor),
            _ => (defaults.cap, defaults.target_factor),
        };
        let connect_limit_ms = self.connect_limit().as_millis() as u32;
        PacingSettings { cap, target_factor, connect_limit_ms, ..defaults }
    }

    /// The periods over which abandoned calls are limited, with what they hold.
    pub(super) fn windows(
        &self,
        campaign: &CallCampaign,
        zone: &TimeZone,
        ledger: &[LedgerDay],
        now: UnixMillis,
    ) -> Vec<LedgerWindow> {
        let today = day_of(now, zone);
        let started = day_of(campaign.started_at.unwrap_or(campaign.created_at), zone);
        self.ask(|policies| policies.ledger_spans(today, started))
            .into_iter()
            .map(|span| span.window(ledger, 0))
            .collect()
    }

    /// Which of a contact's numbers may be called at `now`. `numbers` are its numbers in their order and `records`
    /// what is remembered of each.
    pub(super) fn permit(
        &self,
        loaded: &Loaded,
        contact: &Contact,
        numbers: &[String],
        records: Vec<Option<Versioned<NumberRecord>>>,
        now: UnixMillis,
        agent_guaranteed: bool,
    ) -> Permit {
        let records: BTreeMap<String, (NumberRecord, u64)> = numbers
            .iter()
            .zip(records)
            .filter_map(|(number, record)| {
                record.map(|record| (number.clone(), (record.value, record.version)))
            })
            .collect();
        let mut permit = Permit {
            mask: 0,
            forbidden: Vec::new(),
            next: None,
            rule: "no_number".to_owned(),
            reason: "it has no number that may be called".to_owned(),
            records,
        };
        let callable = contact.callable();
        let mut told = false;
        for (place, own) in contact.numbers.iter().enumerate() {
            let (Some(number), true) = (&own.number, callable & (1 << place) != 0) else { continue };
            let index = place as u8 + 1;
            let answer = self.judge(loaded, contact, number, index, &permit, now, agent_guaranteed);
            let Some((rule, reason, next)) = answer else {
                permit.mask |= 1 << place;
                continue;
            };
            if !told {
                (permit.rule, permit.reason) = (rule.to_owned(), format!("{rule}: {reason}"));
                told = true;
            }
            if rule == rules::NUMBER_RESTRICTED || rule == rules::NUMBER_SUPPRESSED {
                permit.forbidden.push(index);
                continue;
            }
            let next = next.unwrap_or_else(|| now.plus_seconds(NO_TIME_HELPS_S));
            permit.next = Some(permit.next.map_or(next, |known| known.min(next)));
        }
        permit
    }

    #[expect(clippy::too_many_arguments, reason = "one question about one number")]
    fn judge(
        &self,
        loaded: &Loaded,
        contact: &Contact,
        number: &str,
        index: u8,
        permit: &Permit,
        now: UnixMillis,
        agent_guaranteed: bool,
    ) -> Option<(&'static str, String, Option<UnixMillis>)> {
        let Ok(parsed) = E164::parse(number) else {
            return Some((rules::NUMBER_RESTRICTED, "it is no telephone number".to_owned(), None));
        };
        let unknown = NumberRecord::new(loaded.client.id, number.to_owned());
        let record = permit.records.get(number).map_or(&unknown, |(record, _)| record);
        if record.open_call.is_some() {
            let next = now.plus_seconds(NUMBER_BUSY_S);
            return Some(("number_busy", "another call to the number lasts".to_owned(), Some(next)));
        }
        let campaign = &loaded.campaign;
        let consent = consent_of(contact);
        let question = CallQuestion {
            now,
            number: &parsed,
            dial_rules: &self.dial_rules,
            ring_max_s: loaded.ring_s(),
            contact_zone: contact.details.zone.as_deref(),
            client_zone: &loaded.client.zone,
            campaign_from: campaign.valid_from,
            campaign_to: campaign.valid_to,
            active_times: &campaign.active_times,
            time_windows: &campaign.time_windows,
            number_index: index,
            record,
            consent: &consent,
            agent_guaranteed,
            prerecorded: campaign.mode == Mode::Ivr && campaign.dialling.pacing.is_none(),
            caller_id: campaign.shown_number(),
        };
        match self.ask(|policies| policies.may_call(&question)) {
            Verdict::Allowed => None,
            Verdict::Refused(refusal) => Some((refusal.rule, refusal.reason, refusal.next)),
        }
    }
}

/// What a contact agreed to. The record names the evidence; one that begins with `written:` is in writing, and
/// `withdrawn` takes it back.
fn consent_of(contact: &Contact) -> Consent {
    match contact.details.consent.as_deref().map(str::trim) {
        None | Some("") => Consent::Unknown,
        Some("withdrawn") => Consent::Withdrawn,
        Some(evidence) => {
            Consent::Given { written: evidence.starts_with("written:"), evidence: Some(evidence.to_owned()) }
        }
    }
}
