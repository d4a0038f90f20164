//! Participations, seen from either end.

use muster_app::usecases::connectivity::Shown;
use serde::Serialize;
use utoipa::ToSchema;

use super::dates;

/// A SIM in a campaign, as the campaign lists it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Participant)]
pub(crate) struct ParticipantRow {
    /// Of the participation: one SIM in one campaign.
    #[schema(example = 1_030_247)]
    id: i64,
    /// The SIM.
    #[schema(example = "8935771600000000003")]
    iccid: String,
    /// Of the last message.
    #[schema(value_type = String, example = "RETRY")]
    status: &'static str,
    /// Sends so far.
    #[schema(example = 3)]
    attempt: u32,
    /// Result code of the last message; empty before the first.
    #[schema(example = "200")]
    code: String,
    /// Result line of the last message; empty before the first.
    #[schema(example = "OK - UPDATE - 3F00/ADF1/6F31 - data: 05")]
    message: String,
    /// When it last changed.
    #[schema(example = "2022-08-22 14:13:59")]
    timestamp: String,
}

impl From<Shown> for ParticipantRow {
    fn from(shown: Shown) -> Self {
        Self {
            id: shown.id.0,
            iccid: shown.iccid.to_string(),
            status: shown.status.name(),
            attempt: shown.attempt,
            code: shown.code,
            message: shown.message,
            timestamp: dates::write(shown.changed_at),
        }
    }
}

/// A SIM in a campaign, as the SIM lists it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Participation)]
pub(crate) struct ParticipationRow {
    /// Of the participation; the same as in the campaign's list.
    #[schema(example = 1_030_247)]
    id: i64,
    /// The campaign.
    #[schema(example = 67)]
    campaign_id: i64,
    /// Of the last message; not the campaign's.
    #[schema(value_type = String, example = "COMPLETED")]
    status: &'static str,
    /// Sends so far.
    #[schema(example = 1)]
    attempts: u32,
    /// When it last changed.
    #[schema(example = "2022-02-11 14:21:53")]
    timestamp: String,
}

impl From<Shown> for ParticipationRow {
    fn from(shown: Shown) -> Self {
        Self {
            id: shown.id.0,
            campaign_id: shown.campaign.0,
            status: shown.status.name(),
            attempts: shown.attempt,
            timestamp: dates::write(shown.changed_at),
        }
    }
}
