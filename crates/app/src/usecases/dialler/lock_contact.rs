//! Locking a contact by hand, so that it is not called (dialler contract §4.1).

use super::contacts::alter_contact;
use super::{DiallerError, DiallerResult};
use crate::Services;
use muster_domain::calls::contact::Contact;
use muster_domain::ids::{ClientId, ContactId};
use muster_domain::participant::ParticipantStatus;

/// Locks a contact. One that is locked, or that an agent or a line has in hand, is refused.
pub async fn lock_contact(services: &Services, of: ClientId, id: ContactId) -> DiallerResult<Contact> {
    alter_contact(services, of, id, |contact| {
        if contact.locked || contact.is_in_hand() {
            return Err(DiallerError::ContactLocked);
        }
        contact.locked = true;
        Ok(())
    })
    .await
}

/// Unlocks a contact. One that somebody has in hand without calling it is given back, so that it can be chosen again; a
/// call goes on. One that is not locked stays as it is.
pub async fn unlock_contact(services: &Services, of: ClientId, id: ContactId) -> DiallerResult<Contact> {
    let now = services.clock.now();
    alter_contact(services, of, id, |contact| {
        contact.locked = false;
        if contact.status == ParticipantStatus::Progress && contact.open_call.is_none() {
            contact.give_back(None, now);
        }
        Ok(())
    })
    .await
}
