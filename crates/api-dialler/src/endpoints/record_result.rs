//! Recording what came of a contact (§4.2).

use crate::call::Call;
use crate::envelope::{self, Answer, Records};
use crate::face::Face;
use crate::wire::contacts::ContactRow;
use crate::wire::fields::Fields;
use muster_app::usecases::dialler::{DiallerError, DiallerResult, ResultRecord, record_result};
use muster_domain::ids::ResultCodeId;
use serde::Deserialize;
use utoipa::ToSchema;

pub(super) fn mount(face: Face) -> Face {
    let errors = [
        DiallerError::ContactNotFound,
        DiallerError::missing("FollowUpDateTime"),
        DiallerError::invalid("DiallerCampaignsResultCodesID", "a result code of the contact's campaign"),
    ];
    face.route::<__path_record, _, _>(&errors, record)
}

/// What came of a contact.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(as = DiallerResult)]
#[expect(
    dead_code,
    reason = "only its schema is used; bodies are read member by member to name what is wrong"
)]
struct ResultBody {
    /// A result code of the contact's campaign.
    #[serde(rename = "DiallerCampaignsResultCodesID")]
    #[schema(example = 2695)]
    result_codes_id: i64,
    /// When an appointment is; mandatory for type 4.
    follow_up_date_time: Option<String>,
    /// The agent; mandatory for codes that bind the contact to one.
    #[serde(rename = "UsersUID")]
    #[schema(example = "agent1")]
    users_uid: Option<String>,
}

/// Records a result: types 1 and 2 close the contact, types 3 and 4 say when it is called again.
#[utoipa::path(put, path = "/rest/v1.0/{ClientsID}/dialler/contacts/contact/{DiallerContactsID}/result",
    operation_id = "record_result", tag = "Contacts", params(("ClientsID" = i64, Path), ("DiallerContactsID" = i64, Path)),
    request_body = ResultBody, responses((status = 200, body = Records<ContactRow>)))]
async fn record(call: Call) -> Answer {
    let id = call.contact_id()?;
    let result = call.read(read)?;
    let contact = record_result(call.services(), call.client(), id, &result).await?;
    envelope::one(ContactRow::from(contact))
}

fn read(body: &Fields<'_>) -> DiallerResult<ResultRecord> {
    const CODE: &str = "DiallerCampaignsResultCodesID";
    Ok(ResultRecord {
        code: ResultCodeId(body.required(CODE, body.whole(CODE)?)?),
        follow_up_at: body.date("FollowUpDateTime")?,
        agent: body.text("UsersUID")?,
    })
}
