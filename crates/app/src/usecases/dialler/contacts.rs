//! Contacts, read and deleted (dialler contract §4.1), and their calls (§4.2).

use super::{DiallerError, DiallerResult, Tried, tried, until_done};
use crate::Services;
use crate::ports::{AfterContact, CallWrite, ContactsOf, Versioned};
use muster_domain::calls::call::Call;
use muster_domain::calls::contact::Contact;
use muster_domain::ids::{CallCampaignId, ClientId, ContactId};

/// A page of the contacts of a client account, or of one of its campaigns, by name, behind `after`.
pub async fn page_contacts(
    services: &Services,
    of: ClientId,
    campaign: Option<CallCampaignId>,
    after: Option<AfterContact>,
    limit: u32,
) -> DiallerResult<Vec<Contact>> {
    let which = match campaign {
        None => ContactsOf::Client(of),
        Some(id) => {
            super::campaign(services, of, id).await?;
            ContactsOf::Campaign(id)
        }
    };
    Ok(services.calls.contacts(which, after, limit).await?)
}

/// One contact with its version.
pub async fn contact(services: &Services, of: ClientId, id: ContactId) -> DiallerResult<Versioned<Contact>> {
    let found = services.calls.contact(id).await?;
    found.filter(|contact| contact.value.client == of).ok_or(DiallerError::ContactNotFound)
}

/// The contacts with exactly this user data, by id. None is [`DiallerError::ContactNotFound`].
pub async fn contacts_with_user_data(
    services: &Services,
    of: ClientId,
    user_data: &str,
) -> DiallerResult<Vec<Contact>> {
    let found = services.calls.contacts_with_user_data(of, None, user_data).await?;
    if found.is_empty() {
        return Err(DiallerError::ContactNotFound);
    }
    Ok(found.into_iter().map(|contact| contact.value).collect())
}

/// Deletes a contact with its calls.
pub async fn delete_contact(services: &Services, of: ClientId, id: ContactId) -> DiallerResult<()> {
    until_done!(async {
        let version = contact(services, of, id).await?.version;
        tried(services.calls.commit(vec![CallWrite::RemoveContact { id, version }]).await, ())
    })
}

/// Deletes one contact that has exactly this user data: the one with the lowest id.
pub async fn delete_contact_with_user_data(
    services: &Services,
    of: ClientId,
    user_data: &str,
) -> DiallerResult<()> {
    until_done!(async {
        let found = services.calls.contacts_with_user_data(of, None, user_data).await?;
        let lowest = found.into_iter().next().ok_or(DiallerError::ContactNotFound)?;
        let write = CallWrite::RemoveContact { id: lowest.value.id, version: lowest.version };
        tried(services.calls.commit(vec![write]).await, ())
    })
}

/// The calls to a contact, by id.
pub async fn attempts(services: &Services, of: ClientId, id: ContactId) -> DiallerResult<Vec<Call>> {
    contact(services, of, id).await?;
    Ok(services.calls.calls(id).await?)
}

/// Changes a contact as often as somebody is faster; nothing is written where nothing changed.
pub(super) async fn alter_contact(
    services: &Services,
    of: ClientId,
    id: ContactId,
    change: impl Fn(&mut Contact) -> DiallerResult<()>,
) -> DiallerResult<Contact> {
    until_done!(async {
        let found = contact(services, of, id).await?;
        let mut after = found.value.clone();
        change(&mut after)?;
        if after == found.value {
            return Ok(Tried::Done(after));
        }
        let now = services.clock.now();
        after.updated_at = now;
        let write = CallWrite::Contact { contact: Box::new(after.clone()), version: found.version, now };
        tried(services.calls.commit(vec![write]).await, after)
    })
}
