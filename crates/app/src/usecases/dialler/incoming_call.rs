//! Somebody calls us whom we were to call (dialler contract §1.2).

use super::{DiallerError, DiallerResult, Tried, until_done};
use crate::Services;
use crate::ports::{CallRefusal, CallWrite};
use muster_domain::calls::number::E164;
use muster_domain::ids::{ClientId, ContactId};

/// Closes every open contact of the client account that has the caller's number, in campaigns that want it, with the
/// code that the campaign has for that. Returns those that were closed.
///
/// A caller whose number is withheld or no number is nobody's contact.
pub async fn incoming_call(services: &Services, of: ClientId, number: &str) -> DiallerResult<Vec<ContactId>> {
    let Ok(number) = E164::parse(number) else { return Ok(Vec::new()) };
    let mut closed = Vec::new();
    for id in matching(services, of, &number).await? {
        if close(services, id, &number).await? {
            closed.push(id);
        }
    }
    Ok(closed)
}

async fn matching(services: &Services, of: ClientId, number: &E164) -> DiallerResult<Vec<ContactId>> {
    let found = services.calls.contacts_with_number(of, number.as_str()).await?;
    Ok(found.into_iter().map(|contact| contact.value.id).collect())
}

/// Closes one contact, if it is still to be.
async fn close(services: &Services, id: ContactId, number: &E164) -> DiallerResult<bool> {
    until_done!(async {
        let Some(found) = services.calls.contact(id).await? else { return Ok(Tried::Done(false)) };
        let mut contact = found.value;
        let Some(campaign) = services.calls.campaign(contact.campaign).await? else {
            return Ok(Tried::Done(false));
        };
        let campaign = campaign.value;
        let open = contact.is_open() || contact.is_in_hand();
        if !open || !campaign.close_on_incoming || !contact.has_number(number.as_str()) {
            return Ok(Tried::Done(false));
        }
        let codes = services.calls.result_codes(campaign.id).await?;
        let code = codes.iter().find(|code| Some(code.id) == campaign.incoming_code);
        let now = services.clock.now();
        contact.close_with(code, true, now);
        let write = CallWrite::Contact { contact: Box::new(contact), version: found.version, now };
        match services.calls.commit(vec![write]).await {
            Ok(()) => Ok(Tried::Done(true)),
            Err(CallRefusal::Stale { .. }) => Ok(Tried::Again),
            // Deleted with its campaign meanwhile.
            Err(CallRefusal::NoCampaign) => Ok(Tried::Done(false)),
            Err(refusal) => Err(DiallerError::from(refusal)),
        }
    })
}
