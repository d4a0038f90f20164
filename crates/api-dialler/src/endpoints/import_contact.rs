//! Importing a contact (§4.1).

use crate::call::Call;
use crate::envelope::{self, Answer, Records};
use crate::face::Face;
use crate::wire::contact_body;
use crate::wire::contacts::{ContactFields, ContactRow};
use muster_app::usecases::dialler::{DiallerError, Overwrite, import_contact};

pub(super) fn mount(face: Face) -> Face {
    let errors = [DiallerError::CampaignNotFound, DiallerError::missing("PhoneNumber1")];
    face.route::<__path_import, _, _>(&errors, import)
}

/// Imports a contact: `Name`, a campaign by id or name, and at least one number are mandatory.
#[utoipa::path(post, path = "/rest/v1.0/{ClientsID}/dialler/contacts/import", operation_id = "import_contact", tag = "Contacts",
    params(("ClientsID" = i64, Path), ("overwriteDuplicates" = Option<bool>, Query)),
    request_body = ContactFields, responses((status = 200, body = Records<ContactRow>)))]
async fn import(call: Call) -> Answer {
    let overwrite =
        if call.flag("overwriteDuplicates")? { Overwrite::SameUserData } else { Overwrite::Never };
    let body = call.read(contact_body::read)?;
    let (id, name) = (body.campaign, body.campaign_name.as_deref());
    let imported = import_contact(call.services(), call.client(), id, name, body.input, overwrite).await?;
    envelope::one(ContactRow::from(imported))
}
