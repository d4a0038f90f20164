//! Result codes of a campaign (dialler contract §3.4, §4.3).

use super::{DiallerError, DiallerResult, LABEL_MAX_CHARS, UID_MAX_CHARS, campaign, check_text};
use crate::Services;
use crate::ports::{CallSequence, CallWrite};
use muster_domain::calls::campaign::{CallCampaign, Dialling, ScriptStep};
use muster_domain::calls::result_code::{ResultCode, ResultKind};
use muster_domain::ids::{CallCampaignId, ClientId, ResultCodeId};

/// Most result codes of a campaign.
const CODES_MAX: usize = 500;
/// Longest delay, in minutes: a year.
const OFFSET_MAX_MIN: u32 = 366 * 24 * 60;

/// Fields of a result code; `None` leaves one as it is, or at its default.
#[derive(Debug, Clone, Default)]
pub struct ResultCodeInput {
    /// `ExportKey`.
    pub export_key: Option<String>,
    /// Text in English; `Some(None)` takes it away.
    pub english: Option<Option<String>>,
    /// Text in German; `Some(None)` takes it away.
    pub german: Option<Option<String>>,
    /// `DiallerResultCodesTypesID`.
    pub kind: Option<ResultKind>,
    /// `bAgentBound`; of codes with a follow-up only.
    pub agent_bound: Option<Option<bool>>,
    /// `TimeOffset`, minutes; of delays only.
    pub time_offset: Option<Option<u32>>,
    /// `bAllowDelete`.
    pub allow_delete: Option<bool>,
    /// Whether the number called goes onto the do-not-call list.
    pub suppresses: Option<bool>,
}

/// The result codes of a campaign, by id.
pub async fn result_codes(
    services: &Services,
    of: ClientId,
    id: CallCampaignId,
) -> DiallerResult<Vec<ResultCode>> {
    campaign(services, of, id).await?;
    Ok(services.calls.result_codes(id).await?)
}

/// Whether the campaign itself refers to the code, which therefore cannot be deleted.
pub fn is_referred_to(campaign: &CallCampaign, code: ResultCodeId) -> bool {
    [campaign.no_number_code, campaign.incoming_code].contains(&Some(code))
}

/// Adds a result code to a campaign.
pub async fn create_result_code(
    services: &Services,
    of: ClientId,
    id: CallCampaignId,
    input: ResultCodeInput,
) -> DiallerResult<ResultCode> {
    let there = result_codes(services, of, id).await?;
    if there.len() >= CODES_MAX {
        return Err(DiallerError::invalid("ExportKey", format!("at most {CODES_MAX} codes of a campaign")));
    }
    if input.export_key.is_none() {
        return Err(DiallerError::missing("ExportKey"));
    }
    let kind = input.kind.ok_or_else(|| DiallerError::missing("DiallerResultCodesTypesID"))?;
    let blank = ResultCode {
        id: ResultCodeId(0),
        campaign: id,
        export_key: String::new(),
        english: None,
        german: None,
        kind,
        agent_bound: None,
        time_offset: None,
        allow_delete: true,
        suppresses: false,
    };
    let mut code = written(blank, input, &there)?;
    code.id = ResultCodeId(services.calls.take_ids(CallSequence::ResultCode, 1).await?);
    services.calls.commit(vec![CallWrite::ResultCode(Box::new(code.clone()))]).await?;
    Ok(code)
}

/// Changes a result code.
pub async fn change_result_code(
    services: &Services,
    of: ClientId,
    id: CallCampaignId,
    code: ResultCodeId,
    input: ResultCodeInput,
) -> DiallerResult<ResultCode> {
    let campaign = campaign(services, of, id).await?.value;
    let there = services.calls.result_codes(id).await?;
    let before = there.iter().find(|known| known.id == code).ok_or(DiallerError::ResultCodeNotFound)?;
    let after = written(before.clone(), input, &there)?;
    if after.export_key != before.export_key && names(&campaign.dialling, &before.export_key) {
        return Err(DiallerError::ResultCodeKept("the campaign's settings name its export key"));
    }
    if campaign.no_number_code == Some(code) && after.kind != ResultKind::Abort {
        return Err(DiallerError::ResultCodeKept(
            "it closes contacts without a usable number, so its type is 2",
        ));
    }
    let closes = matches!(after.kind, ResultKind::Done | ResultKind::Abort);
    if campaign.incoming_code == Some(code) && !closes {
        return Err(DiallerError::ResultCodeKept("it closes contacts that call in, so its type is 1 or 2"));
    }
    services.calls.commit(vec![CallWrite::ResultCode(Box::new(after.clone()))]).await?;
    Ok(after)
}

/// Deletes a result code that may be deleted and that nothing refers to.
pub async fn delete_result_code(
    services: &Services,
    of: ClientId,
    id: CallCampaignId,
    code: ResultCodeId,
) -> DiallerResult<()> {
    let campaign = campaign(services, of, id).await?.value;
    let there = services.calls.result_codes(id).await?;
    let found = there.iter().find(|known| known.id == code).ok_or(DiallerError::ResultCodeNotFound)?;
    if !found.allow_delete || is_referred_to(&campaign, code) {
        return Err(DiallerError::ResultCodeKept("it may not be deleted"));
    }
    if names(&campaign.dialling, &found.export_key) {
        return Err(DiallerError::ResultCodeKept("the campaign's settings name its export key"));
    }
    services.calls.commit(vec![CallWrite::RemoveResultCode { campaign: id, id: code }]).await?;
    Ok(())
}

/// What comes of a code with these fields, if the rules allow it.
fn written(mut code: ResultCode, input: ResultCodeInput, there: &[ResultCode]) -> DiallerResult<ResultCode> {
    let was = code.kind;
    code.export_key = input.export_key.unwrap_or(code.export_key);
    code.english = input.english.unwrap_or(code.english).filter(|text| !text.is_empty());
    code.german = input.german.unwrap_or(code.german).filter(|text| !text.is_empty());
    code.kind = input.kind.unwrap_or(code.kind);
    code.allow_delete = input.allow_delete.unwrap_or(code.allow_delete);
    code.suppresses = input.suppresses.unwrap_or(code.suppresses);
    if code.kind != was {
        // Fields of the type before say nothing of the new one.
        (code.agent_bound, code.time_offset) = (None, None);
    }
    code.agent_bound = input.agent_bound.unwrap_or(code.agent_bound);
    code.time_offset = input.time_offset.unwrap_or(code.time_offset);
    check_text("ExportKey", &code.export_key, UID_MAX_CHARS)?;
    if there.iter().any(|other| other.id != code.id && other.export_key == code.export_key) {
        return Err(DiallerError::ResultCodeExists);
    }
    let texts = [code.english.as_deref(), code.german.as_deref()];
    if texts == [None, None] {
        return Err(DiallerError::missing("Contents"));
    }
    for text in texts.into_iter().flatten() {
        check_text("Contents", text, LABEL_MAX_CHARS)?;
    }
    let follows_up = matches!(code.kind, ResultKind::Delay | ResultKind::Appointment);
    match (follows_up, code.agent_bound) {
        (false, Some(_)) => return Err(DiallerError::invalid("bAgentBound", "null for types 1 and 2")),
        (true, None) => code.agent_bound = Some(false),
        _ => {}
    }
    match (code.kind, code.time_offset) {
        (ResultKind::Delay, None) => return Err(DiallerError::missing("TimeOffset")),
        (ResultKind::Delay, Some(minutes)) if minutes > OFFSET_MAX_MIN => {
            return Err(DiallerError::invalid("TimeOffset", format!("0 to {OFFSET_MAX_MIN} minutes")));
        }
        (ResultKind::Delay, Some(_)) | (_, None) => {}
        (_, Some(_)) => return Err(DiallerError::invalid("TimeOffset", "null for all types but 3")),
    }
    Ok(code)
}

/// Every export key that the settings name.
pub(super) fn named_keys(dialling: &Dialling) -> Vec<&str> {
    let mut keys: Vec<&str> =
        dialling.outcomes.values().chain(&dialling.wrap_result).map(String::as_str).collect();
    let mut left: Vec<&ScriptStep> = dialling.script.iter().collect();
    while let Some(step) = left.pop() {
        match step {
            ScriptStep::Result { export_key } => keys.push(export_key),
            ScriptStep::Collect { keys, otherwise, .. } => {
                left.extend(keys.values().flatten().chain(otherwise));
            }
            _ => {}
        }
    }
    keys
}

fn names(dialling: &Dialling, export_key: &str) -> bool {
    named_keys(dialling).contains(&export_key)
}
