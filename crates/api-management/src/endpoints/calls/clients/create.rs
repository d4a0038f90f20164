use super::Output;
use crate::answer::Answer;
use crate::call::{Call, Outcome, Path};
use crate::document::DocumentError;
use crate::openapi::Problems;
use muster_app::usecases::dialler::{self, NewClient};
use muster_domain::calls::client::Client;
use muster_domain::ids::ClientId;
use serde::Deserialize;
use utoipa::ToSchema;

/// What an operator says about a new client account.
#[derive(Deserialize, ToSchema)]
#[schema(as = CallClientInput)]
#[serde(deny_unknown_fields)]
pub(super) struct Input {
    /// Its id, for an account that is taken over from elsewhere; left out, the next free one.
    #[serde(default)]
    id: Option<i64>,
    /// Display name.
    #[schema(example = "Harbour Energy")]
    name: String,
    /// IANA zone of its active times and time windows; left out, `UTC`.
    #[serde(default = "utc")]
    #[schema(example = "Europe/Berlin")]
    zone: String,
    /// ISO 3166 code of the country whose numbers are written without a country code; left out, none.
    #[serde(default)]
    #[schema(example = "DE")]
    region: String,
    /// The calling policy of its campaigns: a preset, or one of its own; left out, `STRICT`. `null` is none.
    #[serde(default = "strict")]
    #[schema(example = "DE")]
    policy: Option<String>,
}

fn utc() -> String {
    "UTC".to_owned()
}

#[expect(clippy::unnecessary_wraps, reason = "serde asks for the member's type")]
fn strict() -> Option<String> {
    Some("STRICT".to_owned())
}

/// Create a client account, the tenant of call campaigns.
///
/// The answer holds its token for the dialler face, once.
#[utoipa::path(
    post, path = "/manage/v1/organizations/{organization}/call-clients",
    operation_id = "create_call_client", tag = "call clients", request_body = Input,
    params(("organization" = i64, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, body = Output), Problems)
)]
pub(super) async fn create_call_client(Path(organization): Path<String>, call: Call) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    if let Some(reply) = call.remembered().await? {
        return Ok(reply);
    }
    let input = call.json::<Input>()?;
    if input.id.is_some_and(|id| id < 1) {
        return Err(DocumentError::at("id", "must be a whole number above 0").into());
    }
    let new = NewClient {
        id: input.id.map(ClientId),
        organization: snapshot.id(),
        name: input.name,
        zone: input.zone,
        region: input.region,
        policy: input.policy,
    };
    let remember = |client: &Client| call.remember(&created(client));
    let made = dialler::create_client_once(call.services(), new, &remember).await;
    call.finish(made, |(client, token)| created(client).secret("token", token)).await
}

fn created(client: &Client) -> Answer {
    let location = format!("/manage/v1/organizations/{}/call-clients/{}", client.organization, client.id);
    Answer::created(&Output::of(client), location)
}
