//! Recording what came of a contact (dialler contract §4.2).

use super::{DiallerError, DiallerResult, UID_MAX_CHARS, check_length, contact, tried, until_done};
use crate::Services;
use crate::ports::CallWrite;
use muster_domain::calls::client::NumberRecord;
use muster_domain::calls::contact::{Contact, ResultRefusal};
use muster_domain::ids::{ClientId, ContactId, ResultCodeId};
use muster_domain::time::UnixMillis;

/// Why a number is on the do-not-call list after a result.
const SUPPRESSED_BY_RESULT: &str = "result";

/// What an agent records.
#[derive(Debug, Clone)]
pub struct ResultRecord {
    /// The code; one of the contact's campaign.
    pub code: ResultCodeId,
    /// When an appointment is.
    pub follow_up_at: Option<UnixMillis>,
    /// The agent.
    pub agent: Option<String>,
}

/// Records a result: the code decides what becomes of the contact. The last call to it gets the code too if it is over,
/// and a code that says so puts the number called onto the do-not-call list; all in one transaction.
pub async fn record_result(
    services: &Services,
    of: ClientId,
    id: ContactId,
    record: &ResultRecord,
) -> DiallerResult<Contact> {
    check_length("UsersUID", record.agent.as_deref().unwrap_or_default(), UID_MAX_CHARS)?;
    let agent = record.agent.as_deref().filter(|uid| !uid.is_empty());
    until_done!(async {
        let found = contact(services, of, id).await?;
        let mut contact = found.value;
        let codes = services.calls.result_codes(contact.campaign).await?;
        let code = codes.into_iter().find(|code| code.id == record.code).ok_or_else(|| {
            DiallerError::invalid("DiallerCampaignsResultCodesID", "a result code of the contact's campaign")
        })?;
        let now = services.clock.now();
        contact.record(&code, record.follow_up_at, agent, now)?;
        let mut writes = Vec::new();
        let last = services.calls.calls(id).await?.pop();
        if code.suppresses
            && let Some(call) = &last
        {
            writes.extend(suppression(services, of, &call.number).await?);
        }
        // A call that is under way is its engine's to write: it takes the code from the contact at its end.
        if let Some(mut call) = last.filter(|call| !call.is_open() && call.result_code.is_none()) {
            call.result_code = Some(code.id);
            writes.push(CallWrite::Call(Box::new(call)));
        }
        let version = found.version;
        writes.insert(0, CallWrite::Contact { contact: Box::new(contact.clone()), version, now });
        tried(services.calls.commit(writes).await, contact)
    })
}

async fn suppression(services: &Services, of: ClientId, number: &str) -> DiallerResult<Option<CallWrite>> {
    let found = services.calls.numbers(of, &[number.to_owned()]).await?.pop().flatten();
    let (mut record, version) = found
        .map_or_else(|| (NumberRecord::new(of, number.to_owned()), 0), |found| (found.value, found.version));
    if record.suppressed.is_some() {
        return Ok(None);
    }
    record.suppressed = Some(SUPPRESSED_BY_RESULT.to_owned());
    Ok(Some(CallWrite::Number { record: Box::new(record), version }))
}

impl From<ResultRefusal> for DiallerError {
    fn from(refusal: ResultRefusal) -> Self {
        match refusal {
            ResultRefusal::OtherCampaign => {
                Self::invalid("DiallerCampaignsResultCodesID", refusal.to_string())
            }
            ResultRefusal::NoTime => Self::missing("FollowUpDateTime"),
            ResultRefusal::Past => Self::invalid("FollowUpDateTime", refusal.to_string()),
            ResultRefusal::NoAgent => Self::missing("UsersUID"),
        }
    }
}
