//! Cloning a campaign (§3.5).

use crate::call::Call;
use crate::envelope::{self, Answer, Records};
use crate::face::Face;
use crate::wire::campaigns::CampaignRow;
use crate::wire::fields::Fields;
use muster_app::usecases::dialler::{CloneOrder, DiallerError, DiallerResult, clone_campaign};
use serde::Deserialize;
use utoipa::ToSchema;

pub(super) fn mount(face: Face) -> Face {
    let errors =
        [DiallerError::CampaignNotFound, DiallerError::DestinationExists, DiallerError::missing("source")];
    face.route::<__path_clone, _, _>(&errors, clone)
}

/// What is to be cloned.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CloneOrder)]
#[expect(
    dead_code,
    reason = "only its schema is used; bodies are read member by member to name what is wrong"
)]
struct CloneBody {
    /// Exact name of the campaign to copy.
    #[schema(example = "Campaign 1000")]
    source: String,
    /// Name of the new one.
    #[schema(example = "My New Campaign")]
    destination: String,
    /// `UserData` of the new one; it never has that of the source.
    #[schema(example = "UserData Field Contents")]
    user_data: Option<String>,
    /// Left out, it is copied; null is none.
    dt_from: Option<String>,
    /// Left out, it is copied; null is none.
    dt_to: Option<String>,
}

/// Clones a campaign with everything but its contacts. The clone is not active.
#[utoipa::path(post, path = "/rest/v1.0/{ClientsID}/dialler/campaigns/clone", operation_id = "clone_campaign", tag = "Campaigns",
    params(("ClientsID" = i64, Path)), request_body = CloneBody, responses((status = 200, body = Records<CampaignRow>)))]
async fn clone(call: Call) -> Answer {
    let order = call.read(read)?;
    let made = clone_campaign(call.services(), call.client(), order).await?;
    envelope::one(CampaignRow::from(made))
}

fn read(body: &Fields<'_>) -> DiallerResult<CloneOrder> {
    Ok(CloneOrder {
        source: body.required_text("source")?,
        destination: body.required_text("destination")?,
        user_data: body.text("userData")?,
        valid_from: body.nullable_date("dtFrom")?,
        valid_to: body.nullable_date("dtTo")?,
    })
}
