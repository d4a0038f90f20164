//! The record of a campaign as it is sent (dialler contract §3.0, §4.3).

use super::fields::Fields;
use muster_app::usecases::dialler::{CampaignInput, DiallerResult};
use muster_domain::calls::campaign::Mode;
use muster_domain::calls::hours::{NumberWindow, WeekSpan};
use muster_domain::calls::result_code::Language;
use muster_domain::ids::ResultCodeId;
use serde::Deserialize;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// Fields of a campaign; what is left out keeps its value, or its default.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(as = DiallerCampaignFields)]
#[expect(
    dead_code,
    reason = "only its schema is used; bodies are read member by member to name what is wrong"
)]
pub(crate) struct CampaignBody {
    /// At most 64 characters; mandatory when a campaign is made.
    #[schema(example = "Campaign 1000")]
    name: Option<String>,
    user_data: Option<String>,
    /// `manual` (by default), `preview` or `ivr`.
    #[schema(example = "preview")]
    mode: Option<String>,
    /// 1 English (by default), 2 German.
    #[serde(rename = "LanguagesID")]
    languages_id: Option<i64>,
    #[serde(rename = "bActive")]
    active: Option<bool>,
    #[serde(rename = "dtFrom")]
    from: Option<String>,
    #[serde(rename = "dtTo")]
    to: Option<String>,
    contact_preview_time: Option<u32>,
    #[serde(rename = "nMaxParallelLines")]
    max_parallel_lines: Option<u32>,
    #[serde(rename = "nMaxRingTime")]
    max_ring_time: Option<u32>,
    #[serde(rename = "nMaxTries")]
    max_tries: Option<u32>,
    #[serde(rename = "nRetryDelay")]
    retry_delay: Option<u32>,
    #[serde(rename = "nBusyTries")]
    busy_tries: Option<u32>,
    #[serde(rename = "nBusyRetryDelay")]
    busy_retry_delay: Option<u32>,
    #[serde(rename = "bMailboxDetection")]
    mailbox_detection: Option<bool>,
    #[serde(rename = "bCallerIDActive")]
    caller_id_active: Option<bool>,
    #[serde(rename = "CallerID")]
    caller_id: Option<String>,
    #[serde(rename = "bCloseContactsOnIncomingCallsMatchCallerID")]
    close_on_incoming: Option<bool>,
    #[serde(rename = "AbortOnNoTelNumberResultCodesID")]
    no_number_code: Option<i64>,
    #[serde(rename = "IncomingCallResultCodesID")]
    incoming_code: Option<i64>,
    active_times: Option<Vec<serde_json::Value>>,
    time_windows: Option<Vec<serde_json::Value>>,
}

/// Names of all fields.
pub(crate) fn names() -> Vec<String> {
    match CampaignBody::schema() {
        RefOr::T(Schema::Object(object)) => object.properties.into_keys().collect(),
        _ => Vec::new(),
    }
}

/// Reads the fields.
pub(crate) fn read(body: &Fields<'_>) -> DiallerResult<CampaignInput> {
    let language =
        body.one_of("LanguagesID", "1 English or 2 German", |value| Language::from_number(value.as_i64()?))?;
    let mode = body.one_of("Mode", "manual, preview or ivr", |value| Mode::from_name(value.as_str()?))?;
    let code = |name| {
        let id = body.nullable_whole::<i64>(name)?;
        DiallerResult::Ok(id.map(|id| id.map(ResultCodeId)))
    };
    Ok(CampaignInput {
        name: body.text("Name")?,
        user_data: body.nullable_text("UserData")?,
        language,
        preview_s: body.whole("ContactPreviewTime")?,
        max_parallel_lines: body.nullable_whole("nMaxParallelLines")?,
        close_on_incoming: body.flag("bCloseContactsOnIncomingCallsMatchCallerID")?,
        valid_from: body.nullable_date("dtFrom")?,
        valid_to: body.nullable_date("dtTo")?,
        caller_id_active: body.flag("bCallerIDActive")?,
        caller_id: body.nullable_text("CallerID")?,
        no_number_code: code("AbortOnNoTelNumberResultCodesID")?,
        incoming_code: code("IncomingCallResultCodesID")?,
        active: body.flag("bActive")?,
        max_ring_s: body.whole("nMaxRingTime")?,
        max_tries: body.whole("nMaxTries")?,
        retry_delay_min: body.whole("nRetryDelay")?,
        busy_tries: body.whole("nBusyTries")?,
        busy_retry_delay_min: body.whole("nBusyRetryDelay")?,
        mailbox_detection: body.flag("bMailboxDetection")?,
        active_times: body.objects("ActiveTimes", span)?,
        mode,
        time_windows: body.objects("TimeWindows", |entry| {
            let number = entry.required("PhoneNumber", entry.whole("PhoneNumber")?)?;
            Ok(NumberWindow { number, span: span(entry)? })
        })?,
    })
}

fn span(entry: &Fields<'_>) -> DiallerResult<WeekSpan> {
    Ok(WeekSpan {
        weekday: entry.required("Weekday", entry.whole("Weekday")?)?,
        from: entry.required_text("From")?,
        to: entry.required_text("To")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_of_a_field_is_known() {
        let names = names();
        assert_eq!(names.len(), 22, "{names:?}");
        for name in ["Name", "LanguagesID", "nMaxParallelLines", "bActive", "dtTo", "ActiveTimes"] {
            assert!(names.iter().any(|known| known == name), "{name}");
        }
    }
}
