//! Results, page by page, for exports.

use super::{DiallerError, DiallerResult, campaign, result_codes};
use crate::Services;
use crate::ports::{AfterContact, ContactsOf, sort_name};
use muster_domain::calls::call::Call;
use muster_domain::calls::contact::Contact;
use muster_domain::ids::{CallCampaignId, CallId, ClientId};

/// Most rows of a page.
pub const RESULTS_PAGE_MAX: u32 = 1000;

/// A contact with its latest result.
#[derive(Debug, Clone)]
pub struct ContactRow {
    /// The contact.
    pub contact: Contact,
    /// `ExportKey` of the result code that was recorded last, also of one that did not close it.
    pub export_key: Option<String>,
}

/// A call with its result.
#[derive(Debug, Clone)]
pub struct CallRow {
    /// The call.
    pub call: Call,
    /// `ExportKey` of the result code that was recorded for it.
    pub export_key: Option<String>,
}

/// A page of a campaign's contacts by name, behind `after`, and what to ask the next page with.
pub async fn page_results(
    services: &Services,
    of: ClientId,
    id: CallCampaignId,
    after: Option<AfterContact>,
    limit: u32,
) -> DiallerResult<(Vec<ContactRow>, Option<AfterContact>)> {
    campaign(services, of, id).await?;
    let limit = checked(limit)?;
    let codes = result_codes(services, of, id).await?;
    let contacts = services.calls.contacts(ContactsOf::Campaign(id), after, limit).await?;
    let next = contacts
        .last()
        .filter(|_| contacts.len() as u32 == limit)
        .map(|last| AfterContact { name: sort_name(&last.details.name), id: last.id });
    let row = |contact: Contact| {
        let code = codes.iter().find(|code| Some(code.id) == contact.result_code);
        ContactRow { export_key: code.map(|code| code.export_key.clone()), contact }
    };
    Ok((contacts.into_iter().map(row).collect(), next))
}

/// A page of a campaign's calls in order of their ids, behind `after`.
pub async fn page_calls(
    services: &Services,
    of: ClientId,
    id: CallCampaignId,
    after: Option<CallId>,
    limit: u32,
) -> DiallerResult<Vec<CallRow>> {
    campaign(services, of, id).await?;
    let codes = result_codes(services, of, id).await?;
    let calls = services.calls.page_calls(id, after, checked(limit)?).await?;
    let row = |call: Call| {
        let code = codes.iter().find(|code| Some(code.id) == call.result_code);
        CallRow { export_key: code.map(|code| code.export_key.clone()), call }
    };
    Ok(calls.into_iter().map(row).collect())
}

fn checked(limit: u32) -> DiallerResult<u32> {
    if (1..=RESULTS_PAGE_MAX).contains(&limit) {
        Ok(limit)
    } else {
        Err(DiallerError::invalid("limit", format!("1 to {RESULTS_PAGE_MAX}")))
    }
}
