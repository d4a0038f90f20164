//! Deleting a contact with its attempts (§4.1).

use crate::call::Call;
use crate::envelope::{self, Answer, Status};
use crate::face::Face;
use muster_app::usecases::dialler::{DiallerError, delete_contact, delete_contact_with_user_data};

pub(super) fn mount(face: Face) -> Face {
    let errors = [DiallerError::ContactNotFound];
    let by_key = [DiallerError::ContactNotFound, DiallerError::missing("userData")];
    face.route::<__path_delete, _, _>(&errors, delete).route::<__path_delete_one, _, _>(&by_key, delete_one)
}

/// Deletes a contact.
#[utoipa::path(delete, path = "/rest/v1.0/{ClientsID}/dialler/contacts/contact/{DiallerContactsID}",
    operation_id = "delete_contact", tag = "Contacts", params(("ClientsID" = i64, Path), ("DiallerContactsID" = i64, Path)),
    responses((status = 200, body = Status)))]
async fn delete(call: Call) -> Answer {
    delete_contact(call.services(), call.client(), call.contact_id()?).await?;
    envelope::done()
}

/// Deletes one contact with this user data: the one with the lowest id.
#[utoipa::path(delete, path = "/rest/v1.0/{ClientsID}/dialler/contacts/contact", operation_id = "delete_contact_by_user_data",
    tag = "Contacts", params(("ClientsID" = i64, Path), ("userData" = String, Query)), responses((status = 200, body = Status)))]
async fn delete_one(call: Call) -> Answer {
    let user_data = call.required("userData")?;
    delete_contact_with_user_data(call.services(), call.client(), user_data).await?;
    envelope::done()
}
