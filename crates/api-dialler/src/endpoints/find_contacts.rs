//! Contacts by the key of an outside system (§4.1).

use crate::call::Call;
use crate::envelope::{self, Answer, Records};
use crate::face::Face;
use crate::wire::contacts::ContactRow;
use muster_app::usecases::dialler::{DiallerError, contacts_with_user_data};

pub(super) fn mount(face: Face) -> Face {
    let errors = [DiallerError::ContactNotFound, DiallerError::missing("userData")];
    face.route::<__path_find, _, _>(&errors, find)
}

/// Finds the contacts with exactly this user data, in order of their ids.
#[utoipa::path(get, path = "/rest/v1.0/{ClientsID}/dialler/contacts/contact", operation_id = "find_contacts", tag = "Contacts",
    params(("ClientsID" = i64, Path), ("userData" = String, Query)), responses((status = 200, body = Records<ContactRow>)))]
async fn find(call: Call) -> Answer {
    let found = contacts_with_user_data(call.services(), call.client(), call.required("userData")?).await?;
    envelope::records(found.into_iter().map(ContactRow::from).collect())
}
