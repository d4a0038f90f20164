//! The record of an attempt (dialler contract §4.2).

use super::dates;
use muster_domain::calls::call::Call;
use serde::Serialize;
use utoipa::ToSchema;

/// A call to one number of a contact.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(as = DiallerAttempt)]
pub(crate) struct AttemptRow {
    #[serde(rename = "ID")]
    #[schema(example = 1)]
    id: i64,
    /// When it began.
    #[serde(rename = "dtStart")]
    #[schema(example = "2026-03-02T09:00:00.000")]
    start: String,
    /// Digits of the number called.
    #[schema(example = "4930123456")]
    phone_number: String,
    /// Which of the contact's numbers, from 1.
    #[serde(rename = "nPhoneNumberIndex")]
    #[schema(example = 1)]
    phone_number_index: u8,
    /// Cause of ITU-T Q.850.
    #[serde(rename = "nCause")]
    cause: Option<u16>,
    /// Whether a mailbox answered; null while the call lasts.
    #[serde(rename = "bMailbox")]
    mailbox: Option<bool>,
    /// Seconds from the answer to the end; 0 without an answer.
    #[schema(example = 0)]
    duration_seconds: i64,
    /// The result that was recorded for it.
    #[serde(rename = "DiallerCampaignsResultCodesID")]
    result_codes_id: Option<i64>,
    /// The agent.
    #[serde(rename = "UsersUID")]
    users_uid: Option<String>,
}

impl From<Call> for AttemptRow {
    fn from(call: Call) -> Self {
        Self {
            id: call.id.0,
            start: dates::write(call.started_at),
            phone_number_index: call.index,
            cause: call.cause,
            mailbox: call.outcome.map(|_| call.met_a_mailbox()),
            duration_seconds: call.duration_s(),
            result_codes_id: call.result_code.map(|id| id.0),
            users_uid: call.agent,
            phone_number: call.number,
        }
    }
}
