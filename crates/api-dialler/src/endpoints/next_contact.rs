//! The next contact for an agent (§1.2, §4.2).

use crate::call::Call;
use crate::envelope::{self, Answer, Records};
use crate::face::Face;
use crate::wire::contacts::ContactRow;
use crate::wire::fields::Fields;
use muster_app::usecases::dialler::{AgentCampaign, DiallerError, DiallerResult, next_contact};
use muster_domain::ids::CallCampaignId;
use serde::Deserialize;
use utoipa::ToSchema;

pub(super) fn mount(face: Face) -> Face {
    let errors =
        [DiallerError::ContactNotFound, DiallerError::CampaignNotFound, DiallerError::missing("UsersUID")];
    face.route::<__path_next, _, _>(&errors, next)
}

/// Who asks, and for which campaigns.
#[derive(Deserialize, ToSchema)]
#[schema(as = NextContactOrder)]
#[expect(
    dead_code,
    reason = "only its schema is used; bodies are read member by member to name what is wrong"
)]
struct NextBody {
    /// The agent.
    #[serde(rename = "UsersUID")]
    #[schema(example = "agent1")]
    users_uid: String,
    /// At least one.
    campaigns: Vec<WeightBody>,
}

/// A campaign and its share.
#[derive(Deserialize, ToSchema)]
#[schema(as = CampaignWeight)]
#[expect(
    dead_code,
    reason = "only its schema is used; bodies are read member by member to name what is wrong"
)]
struct WeightBody {
    #[serde(rename = "DiallerCampaignsID")]
    #[schema(example = 535)]
    dialler_campaigns_id: i64,
    /// By default 1.
    #[schema(example = 50)]
    weight: Option<u32>,
}

/// Chooses the next contact and locks it for the agent; 404 if none is due.
#[utoipa::path(post, path = "/rest/v1.0/{ClientsID}/dialler/agents/next", operation_id = "next_contact", tag = "Agents",
    params(("ClientsID" = i64, Path)), request_body = NextBody, responses((status = 200, body = Records<ContactRow>)))]
async fn next(call: Call) -> Answer {
    let (agent, campaigns) = call.read(read)?;
    let contact = next_contact(call.services(), call.client(), &agent, &campaigns).await?;
    envelope::one(ContactRow::from(contact))
}

fn read(body: &Fields<'_>) -> DiallerResult<(String, Vec<AgentCampaign>)> {
    const CAMPAIGN: &str = "DiallerCampaignsID";
    let campaigns = body.objects("campaigns", |entry| {
        let id = entry.required(CAMPAIGN, entry.whole(CAMPAIGN)?)?;
        Ok(AgentCampaign { id: CallCampaignId(id), weight: entry.whole("weight")?.unwrap_or(1) })
    })?;
    Ok((body.required_text("UsersUID")?, campaigns.unwrap_or_default()))
}
