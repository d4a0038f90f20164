//! SIM campaigns.

use crate::document::{DocumentError, When, rfc3339};
use muster_app::ports::Versioned;
use muster_app::usecases::connectivity::NewCampaign;
use muster_app::usecases::connectivity::operators::{Overview, WaveProgress};
use muster_domain::ids::TemplateId;
use muster_domain::sim_campaign::{Plan, SimCampaign, SimCampaignStatus};
use muster_domain::time::UnixMillis;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// What an operator says about a new SIM campaign.
#[derive(Deserialize, ToSchema)]
#[schema(as = SimCampaignInput)]
#[serde(deny_unknown_fields)]
pub struct SimCampaignDocument {
    /// Display name; need not be unique.
    #[schema(example = "Steering, March")]
    name: String,
    /// What it is for.
    #[serde(default)]
    description: String,
    /// What is done to each card.
    template: i64,
    /// Beginning of its window; left out, now.
    #[serde(default)]
    starts_at: Option<String>,
    /// End of its window; left out, a day after its beginning.
    #[serde(default)]
    ends_at: Option<String>,
    /// Sends after the first, 0 to 10; left out, 3.
    #[serde(default)]
    max_retries: Option<u32>,
    /// How it goes about it: `waves`, `thresholds`, `hours`, `pace_per_s`, `route`, `por_timeout_s`, `backoff`.
    #[serde(default)]
    #[schema(value_type = Object)]
    plan: Plan,
}

impl SimCampaignDocument {
    /// What is to be made, as seen from `now`.
    pub fn read(self, now: UnixMillis) -> Result<NewCampaign, DocumentError> {
        Ok(NewCampaign {
            name: self.name,
            description: self.description,
            template: TemplateId(self.template),
            starts_at: date("starts_at", self.starts_at.as_deref(), now)?,
            ends_at: date("ends_at", self.ends_at.as_deref(), now)?,
            max_retries: self.max_retries,
            plan: self.plan,
        })
    }
}

/// A date that an author may have given.
fn date(place: &str, text: Option<&str>, now: UnixMillis) -> Result<Option<UnixMillis>, DocumentError> {
    let read = |text| When::parse(text).map_err(|reason| DocumentError::at(place, reason));
    Ok(text.map(read).transpose()?.map(|when| when.resolve(now)))
}

/// A SIM campaign and where it stands.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = SimCampaign)]
pub struct SimCampaignOutput {
    /// Its identifier.
    id: i64,
    /// Grows with each change of the campaign itself; the `ETag` says the same. Counts change without it.
    version: u64,
    /// The account that made it.
    account: String,
    /// Display name.
    name: String,
    /// What it is for.
    description: String,
    /// What is done to each card.
    template: i64,
    /// `CREATED`, `SCHEDULED`, `PROCESS`, `SUSPEND`, `COMPLETED`, `EXPIRED`, `CANCELED` or `EXCEPTION`.
    #[schema(value_type = String)]
    status: SimCampaignStatus,
    /// Why it is where it is, such as which threshold paused it; empty otherwise.
    reason: String,
    /// When it was made.
    created_at: String,
    /// When its status last changed.
    status_changed_at: String,
    /// Beginning of its window.
    starts_at: String,
    /// End of its window.
    ends_at: String,
    /// Sends after the first.
    max_retries: u32,
    /// Waves, thresholds, hours, pace, route and waiting times.
    #[schema(value_type = Object)]
    plan: Plan,
    /// Cards enrolled.
    participants: u64,
    /// How many of them are shown in which status.
    by_status: BTreeMap<&'static str, u64>,
    /// How far its waves are; none before the first start.
    waves: Vec<WaveOutput>,
}

/// How far a wave is.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = SimCampaignWave)]
struct WaveOutput {
    /// Its place, from 1.
    number: usize,
    /// How many cards it has.
    cards: u64,
    /// Whether its cards may be sent to.
    is_open: bool,
    /// Cards that succeeded.
    succeeded: u64,
    /// Cards that ended otherwise.
    failed: u64,
    /// Attempts that ended well.
    attempts_ok: u64,
    /// Attempts that ended otherwise.
    attempts_failed: u64,
    /// Of these, attempts whose answer tells of wrong keys, a wrong TAR or a wrong card.
    config_errors: u64,
}

impl SimCampaignOutput {
    /// The campaign as it is stored, with what has been counted.
    pub fn of(stored: &Versioned<SimCampaign>, overview: &Overview) -> Self {
        let campaign = &stored.value;
        let wave = |(index, wave): (usize, &WaveProgress)| WaveOutput {
            number: index + 1,
            cards: wave.cards,
            is_open: wave.is_open,
            succeeded: wave.counts.succeeded,
            failed: wave.counts.failed,
            attempts_ok: wave.counts.attempts_ok,
            attempts_failed: wave.counts.attempts_failed,
            config_errors: wave.counts.config_errors,
        };
        Self {
            id: campaign.id.0,
            version: stored.version,
            account: campaign.account.to_string(),
            name: campaign.name.clone(),
            description: campaign.description.clone(),
            template: campaign.template.0,
            status: campaign.status,
            reason: campaign.reason.clone(),
            created_at: rfc3339(campaign.created_at),
            status_changed_at: rfc3339(campaign.status_changed_at),
            starts_at: rfc3339(campaign.window.starts_at),
            ends_at: rfc3339(campaign.window.ends_at),
            max_retries: campaign.max_retries,
            plan: campaign.plan.clone(),
            participants: overview.participants,
            by_status: overview.by_status.iter().map(|(status, count)| (status.name(), *count)).collect(),
            waves: overview.waves.iter().enumerate().map(wave).collect(),
        }
    }
}
