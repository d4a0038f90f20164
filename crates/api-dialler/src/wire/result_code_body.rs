//! The record of a result code as it is sent (dialler contract §2.5, §4.3).

use super::fields::Fields;
use muster_app::usecases::dialler::{DiallerResult, ResultCodeInput};
use muster_domain::calls::result_code::ResultKind;
use serde::Deserialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Fields of a result code; what is left out keeps its value, or its default.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(as = DiallerCampaignsResultCodeFields)]
#[expect(
    dead_code,
    reason = "only its schema is used; bodies are read member by member to name what is wrong"
)]
pub(crate) struct ResultCodeBody {
    /// Unique in the campaign, at most 32 characters; mandatory when a code is made.
    #[schema(example = "RUF")]
    export_key: Option<String>,
    /// Texts by `LanguagesID`; at least one when a code is made.
    #[schema(example = json!({"1": "Call back", "2": "Rückruf"}))]
    contents: Option<BTreeMap<String, String>>,
    /// 1 done, 2 abort, 3 delay, 4 appointment; mandatory when a code is made.
    #[serde(rename = "DiallerResultCodesTypesID")]
    #[schema(example = 3)]
    types_id: Option<i64>,
    /// Of types 3 and 4 only; by default false.
    #[serde(rename = "bAgentBound")]
    agent_bound: Option<bool>,
    /// Minutes; of type 3 only, and mandatory there.
    #[schema(example = 30)]
    time_offset: Option<u32>,
    /// By default true.
    #[serde(rename = "bAllowDelete")]
    allow_delete: Option<bool>,
}

/// Reads the fields.
pub(crate) fn read(body: &Fields<'_>) -> DiallerResult<ResultCodeInput> {
    let contents = body.object("Contents")?;
    let content = |language| match &contents {
        Some(contents) => contents.nullable_text(language),
        None => Ok(None),
    };
    Ok(ResultCodeInput {
        export_key: body.text("ExportKey")?,
        english: content("1")?,
        german: content("2")?,
        kind: body.one_of("DiallerResultCodesTypesID", "1, 2, 3 or 4", |value| {
            ResultKind::from_number(value.as_i64()?)
        })?,
        agent_bound: body.nullable_flag("bAgentBound")?,
        time_offset: body.nullable_whole("TimeOffset")?,
        allow_delete: body.flag("bAllowDelete")?,
        suppresses: None,
    })
}
