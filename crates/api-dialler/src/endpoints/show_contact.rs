//! One contact (§4.1).

use crate::call::Call;
use crate::envelope::{self, Answer, Records};
use crate::face::Face;
use crate::wire::contacts::ContactRow;
use muster_app::usecases::dialler::{DiallerError, contact};

pub(super) fn mount(face: Face) -> Face {
    let errors = [DiallerError::ContactNotFound, DiallerError::invalid("DiallerContactsID", "an integer")];
    face.route::<__path_show, _, _>(&errors, show)
}

/// Shows a contact.
#[utoipa::path(get, path = "/rest/v1.0/{ClientsID}/dialler/contacts/{DiallerContactsID}", operation_id = "show_contact",
    tag = "Contacts", params(("ClientsID" = i64, Path), ("DiallerContactsID" = i64, Path)), responses((status = 200, body = Records<ContactRow>)))]
async fn show(call: Call) -> Answer {
    let found = contact(call.services(), call.client(), call.contact_id()?).await?;
    envelope::one(ContactRow::from(found.value))
}
