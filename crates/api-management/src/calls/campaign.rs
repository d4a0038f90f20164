//! Call campaigns.

use crate::document::rfc3339;
use muster_app::ports::Versioned;
use muster_domain::calls::campaign::{CallCampaign, Dialling, Mode};
use muster_domain::calls::hours::{NumberWindow, WeekSpan};
use muster_domain::calls::result_code::Language;
use serde::Serialize;
use utoipa::ToSchema;

/// A call campaign. It is made and changed over the dialler face; its dialling settings are made here.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = CallCampaign)]
pub(crate) struct CallCampaignOutput {
    /// Its id, `DiallerCampaignsID` of the dialler face.
    id: i64,
    /// Grows with each change; the `ETag` says the same.
    version: u64,
    /// The client account.
    client: i64,
    /// Unique in the client account.
    name: String,
    /// Key of an outside system.
    user_data: Option<String>,
    /// `en` or `de`.
    language: &'static str,
    /// `manual`, `preview` or `ivr`; `dialling.pacing` says more.
    #[schema(value_type = String)]
    mode: Mode,
    /// Whether it runs.
    is_active: bool,
    /// Why it does not dial although it runs, for people; empty while it does.
    waits_for: String,
    /// When it was made.
    created_at: String,
    /// When it was first started.
    started_at: Option<String>,
    /// Valid from.
    valid_from: Option<String>,
    /// Valid before.
    valid_to: Option<String>,
    /// Hours in which it runs, in the client account's zone; none is always.
    #[schema(value_type = Vec<Object>)]
    active_times: Vec<WeekSpan>,
    /// Hours in which each of a contact's numbers is called; none is any time.
    #[schema(value_type = Vec<Object>)]
    time_windows: Vec<NumberWindow>,
    /// Seconds for which an agent sees a contact before it is dialled.
    preview_s: u32,
    /// Most calls at once; `null` is no cap of the campaign's own.
    max_parallel_lines: Option<u32>,
    /// The number shown to those who are called; `null` where none is.
    shown_number: Option<String>,
    /// Whether contacts that call in are closed.
    close_on_incoming: bool,
    /// Seconds for which a phone rings.
    max_ring_s: u32,
    /// Tries of a contact.
    max_tries: u32,
    /// Minutes between them.
    retry_delay_min: u32,
    /// Calls of a busy series.
    busy_tries: u32,
    /// Minutes between them.
    busy_retry_delay_min: u32,
    /// Whether mailboxes are told from people by their sound.
    mailbox_detection: bool,
    /// Pacing, policy, message, script, trunks and what follows from outcomes.
    #[schema(value_type = Object)]
    dialling: Dialling,
}

impl CallCampaignOutput {
    /// The campaign as it is stored.
    pub(crate) fn of(stored: &Versioned<CallCampaign>) -> Self {
        let campaign = &stored.value;
        Self {
            id: campaign.id.0,
            version: stored.version,
            client: campaign.client.0,
            name: campaign.name.clone(),
            user_data: campaign.user_data.clone(),
            language: match campaign.language {
                Language::English => "en",
                Language::German => "de",
            },
            mode: campaign.mode,
            is_active: campaign.active,
            waits_for: campaign.waits_for.clone(),
            created_at: rfc3339(campaign.created_at),
            started_at: campaign.started_at.map(rfc3339),
            valid_from: campaign.valid_from.map(rfc3339),
            valid_to: campaign.valid_to.map(rfc3339),
            active_times: campaign.active_times.clone(),
            time_windows: campaign.time_windows.clone(),
            preview_s: campaign.preview_s,
            max_parallel_lines: campaign.max_parallel_lines,
            shown_number: campaign.shown_number().map(str::to_owned),
            close_on_incoming: campaign.close_on_incoming,
            max_ring_s: campaign.max_ring_s,
            max_tries: campaign.max_tries,
            retry_delay_min: campaign.retry_delay_min,
            busy_tries: campaign.busy_tries,
            busy_retry_delay_min: campaign.busy_retry_delay_min,
            mailbox_detection: campaign.mailbox_detection,
            dialling: campaign.dialling.clone(),
        }
    }
}
