//! The calls to a contact (§4.2).

use crate::call::Call;
use crate::envelope::{self, Answer, Records};
use crate::face::Face;
use crate::wire::attempts::AttemptRow;
use muster_app::usecases::dialler::{DiallerError, attempts};

pub(super) fn mount(face: Face) -> Face {
    face.route::<__path_list, _, _>(&[DiallerError::ContactNotFound], list)
}

/// Lists the attempts at a contact, oldest first.
#[utoipa::path(get, path = "/rest/v1.0/{ClientsID}/dialler/contacts/contact/{DiallerContactsID}/attempts",
    operation_id = "list_attempts", tag = "Contacts", params(("ClientsID" = i64, Path), ("DiallerContactsID" = i64, Path)),
    responses((status = 200, body = Records<AttemptRow>)))]
async fn list(call: Call) -> Answer {
    let calls = attempts(call.services(), call.client(), call.contact_id()?).await?;
    envelope::records(calls.into_iter().map(AttemptRow::from).collect())
}
