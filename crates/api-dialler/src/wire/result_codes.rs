//! The record of a result code (dialler contract §3.4): exactly fifteen keys.

use muster_app::usecases::dialler::is_referred_to;
use muster_domain::calls::campaign::CallCampaign;
use muster_domain::calls::result_code::{Language, ResultCode, ResultKind};
use serde::Serialize;
use utoipa::ToSchema;

/// A result code of a campaign, in one language.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(as = DiallerCampaignsResultCode)]
pub(crate) struct ResultCodeRow {
    #[serde(rename = "ID")]
    #[schema(example = 2695)]
    id: i64,
    #[serde(rename = "DiallerCampaignsID")]
    #[schema(example = 535)]
    dialler_campaigns_id: i64,
    /// Translation key.
    #[schema(example = "DiallerCampaignsResultCodes.2695")]
    short_text: String,
    /// The text in the language that was asked for.
    #[schema(example = "Abgeschlossen")]
    content: String,
    /// What exports say for it.
    #[schema(example = "ABG")]
    export_key: String,
    /// 1 done, 2 abort, 3 delay, 4 appointment.
    #[serde(rename = "DiallerResultCodesTypesID")]
    #[schema(example = 1)]
    types_id: i64,
    /// Translation key of the type.
    #[serde(rename = "DiallerResultCodesTypesShortText")]
    #[schema(example = "DiallerResultCodesTypes.1")]
    types_short_text: String,
    /// Name of the type in the language that was asked for.
    #[serde(rename = "DiallerResultCodesTypesContent")]
    #[schema(value_type = String, example = "Abschluss")]
    types_content: &'static str,
    #[serde(rename = "bDone")]
    #[schema(example = true)]
    done: bool,
    #[serde(rename = "bAborted")]
    aborted: bool,
    #[serde(rename = "bDelay")]
    delay: bool,
    #[serde(rename = "bAppointment")]
    appointment: bool,
    /// Whether the follow-up stays with the agent.
    #[serde(rename = "bAgentBound")]
    agent_bound: Option<bool>,
    /// Minutes until the follow-up of a delay.
    time_offset: Option<u32>,
    /// Whether it may be deleted.
    #[serde(rename = "bAllowDelete")]
    allow_delete: bool,
}

impl ResultCodeRow {
    /// A code of `campaign` in a language.
    pub(crate) fn of(code: ResultCode, campaign: &CallCampaign, language: Language) -> Self {
        let kind = code.kind;
        Self {
            id: code.id.0,
            dialler_campaigns_id: code.campaign.0,
            short_text: format!("DiallerCampaignsResultCodes.{}", code.id),
            content: code.content(language).to_owned(),
            types_id: kind.number(),
            types_short_text: format!("DiallerResultCodesTypes.{}", kind.number()),
            types_content: kind.content(language),
            done: kind == ResultKind::Done,
            aborted: kind == ResultKind::Abort,
            delay: kind == ResultKind::Delay,
            appointment: kind == ResultKind::Appointment,
            agent_bound: code.agent_bound,
            time_offset: code.time_offset,
            allow_delete: code.allow_delete && !is_referred_to(campaign, code.id),
            export_key: code.export_key,
        }
    }
}
