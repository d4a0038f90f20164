//! The record of a campaign (dialler contract §3.0), in the order in which it is written.

use super::dates;
use muster_domain::calls::campaign::CallCampaign;
use muster_domain::calls::hours::{NumberWindow, WeekSpan};
use serde::Serialize;
use utoipa::ToSchema;

/// A call campaign.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(as = DiallerCampaign)]
pub(crate) struct CampaignRow {
    #[serde(rename = "ID")]
    #[schema(example = 535)]
    id: i64,
    /// The client account.
    #[serde(rename = "ClientsID")]
    #[schema(example = 1)]
    clients_id: i64,
    /// Unique in the client account.
    #[schema(example = "Campaign 1000")]
    name: String,
    /// Key of an outside system.
    user_data: Option<String>,
    /// `manual`, `preview` or `ivr`.
    #[schema(value_type = String, example = "preview")]
    mode: &'static str,
    /// 1 English, 2 German.
    #[serde(rename = "LanguagesID")]
    #[schema(example = 2)]
    languages_id: i64,
    /// Whether it runs.
    #[serde(rename = "bActive")]
    active: bool,
    /// Valid from.
    #[serde(rename = "dtFrom")]
    from: Option<String>,
    /// Valid before.
    #[serde(rename = "dtTo")]
    to: Option<String>,
    /// Seconds that an agent sees a contact before it is called.
    #[schema(example = 5)]
    contact_preview_time: u32,
    /// Most calls at a time; null is no cap.
    #[serde(rename = "nMaxParallelLines")]
    max_parallel_lines: Option<u32>,
    /// Seconds.
    #[serde(rename = "nMaxRingTime")]
    #[schema(example = 30)]
    max_ring_time: u32,
    /// Of a contact.
    #[serde(rename = "nMaxTries")]
    #[schema(example = 5)]
    max_tries: u32,
    /// Minutes.
    #[serde(rename = "nRetryDelay")]
    #[schema(example = 60)]
    retry_delay: u32,
    /// Calls of a busy series.
    #[serde(rename = "nBusyTries")]
    #[schema(example = 3)]
    busy_tries: u32,
    /// Minutes.
    #[serde(rename = "nBusyRetryDelay")]
    #[schema(example = 5)]
    busy_retry_delay: u32,
    /// Whether mailboxes are told from people.
    #[serde(rename = "bMailboxDetection")]
    mailbox_detection: bool,
    /// Whether `CallerID` is shown.
    #[serde(rename = "bCallerIDActive")]
    caller_id_active: bool,
    /// The number shown.
    #[serde(rename = "CallerID")]
    caller_id: Option<String>,
    /// Whether a contact that calls in is closed.
    #[serde(rename = "bCloseContactsOnIncomingCallsMatchCallerID")]
    close_on_incoming: bool,
    /// Closes contacts without a usable number.
    #[serde(rename = "AbortOnNoTelNumberResultCodesID")]
    no_number_code: Option<i64>,
    /// Closes contacts that call in.
    #[serde(rename = "IncomingCallResultCodesID")]
    incoming_code: Option<i64>,
    /// When it dials; none is always.
    active_times: Vec<SpanRow>,
    /// When which number may be called; none is any time.
    time_windows: Vec<WindowRow>,
}

/// Hours of a day of the week.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(as = ActiveTime)]
struct SpanRow {
    /// 1 is Monday.
    #[schema(example = 1)]
    weekday: u8,
    #[schema(example = "09:00")]
    from: String,
    #[schema(example = "17:00")]
    to: String,
}

/// Hours in which one of a contact's numbers may be called.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(as = TimeWindow)]
struct WindowRow {
    /// 1 to 6.
    #[schema(example = 1)]
    phone_number: u8,
    /// 1 is Monday.
    #[schema(example = 1)]
    weekday: u8,
    #[schema(example = "09:00")]
    from: String,
    #[schema(example = "17:00")]
    to: String,
}

impl From<WeekSpan> for SpanRow {
    fn from(span: WeekSpan) -> Self {
        Self { weekday: span.weekday, from: span.from, to: span.to }
    }
}

impl From<NumberWindow> for WindowRow {
    fn from(NumberWindow { number, span }: NumberWindow) -> Self {
        Self { phone_number: number, weekday: span.weekday, from: span.from, to: span.to }
    }
}

impl From<CallCampaign> for CampaignRow {
    fn from(campaign: CallCampaign) -> Self {
        Self {
            id: campaign.id.0,
            clients_id: campaign.client.0,
            name: campaign.name,
            user_data: campaign.user_data,
            mode: campaign.mode.name(),
            languages_id: campaign.language.number(),
            active: campaign.active,
            from: campaign.valid_from.map(dates::write),
            to: campaign.valid_to.map(dates::write),
            contact_preview_time: campaign.preview_s,
            max_parallel_lines: campaign.max_parallel_lines,
            max_ring_time: campaign.max_ring_s,
            max_tries: campaign.max_tries,
            retry_delay: campaign.retry_delay_min,
            busy_tries: campaign.busy_tries,
            busy_retry_delay: campaign.busy_retry_delay_min,
            mailbox_detection: campaign.mailbox_detection,
            caller_id_active: campaign.caller_id_active,
            caller_id: campaign.caller_id,
            close_on_incoming: campaign.close_on_incoming,
            no_number_code: campaign.no_number_code.map(|id| id.0),
            incoming_code: campaign.incoming_code.map(|id| id.0),
            active_times: campaign.active_times.into_iter().map(SpanRow::from).collect(),
            time_windows: campaign.time_windows.into_iter().map(WindowRow::from).collect(),
        }
    }
}
