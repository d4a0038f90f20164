//! Locking and unlocking a contact (§4.1).

use crate::call::Call;
use crate::envelope::{self, Answer, Records};
use crate::face::Face;
use crate::wire::contacts::ContactRow;
use muster_app::usecases::dialler::{DiallerError, lock_contact, unlock_contact};

pub(super) fn mount(face: Face) -> Face {
    let errors = [DiallerError::ContactNotFound, DiallerError::ContactLocked];
    face.route::<__path_lock, _, _>(&errors, lock)
        .route::<__path_unlock, _, _>(&[DiallerError::ContactNotFound], unlock)
}

/// Locks a contact, so that it is not called.
#[utoipa::path(put, path = "/rest/v1.0/{ClientsID}/dialler/contacts/contact/{DiallerContactsID}/lock",
    operation_id = "lock_contact", tag = "Contacts", params(("ClientsID" = i64, Path), ("DiallerContactsID" = i64, Path)),
    responses((status = 200, body = Records<ContactRow>)))]
async fn lock(call: Call) -> Answer {
    let locked = lock_contact(call.services(), call.client(), call.contact_id()?).await?;
    envelope::one(ContactRow::from(locked))
}

/// Unlocks a contact. One that an agent has in hand without a call is given back.
#[utoipa::path(put, path = "/rest/v1.0/{ClientsID}/dialler/contacts/contact/{DiallerContactsID}/unlock",
    operation_id = "unlock_contact", tag = "Contacts", params(("ClientsID" = i64, Path), ("DiallerContactsID" = i64, Path)),
    responses((status = 200, body = Records<ContactRow>)))]
async fn unlock(call: Call) -> Answer {
    let unlocked = unlock_contact(call.services(), call.client(), call.contact_id()?).await?;
    envelope::one(ContactRow::from(unlocked))
}
