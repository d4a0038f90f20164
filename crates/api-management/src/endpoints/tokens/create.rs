use super::{Input, Output, scope};
use crate::answer::Answer;
use crate::call::{Call, Outcome, Path};
use crate::openapi::Problems;
use muster_app::ports::ManagementToken;
use muster_app::usecases::authoring::tokens::{self, NewToken, public_id};

/// Make a token that opens all organizations.
///
/// Needs such a token. The answer holds the new one, once.
#[utoipa::path(
    post, path = "/manage/v1/tokens", operation_id = "create_global_token", tag = "tokens",
    request_body = Input, params(("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, body = Output), Problems)
)]
pub(super) async fn create_global_token(call: Call) -> Outcome {
    create(call, None).await
}

/// Make a token that opens one organization.
///
/// The answer holds the token, once.
#[utoipa::path(
    post, path = "/manage/v1/organizations/{organization}/tokens", operation_id = "create_token",
    tag = "tokens", request_body = Input,
    params(("organization" = i64, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, body = Output), Problems)
)]
pub(super) async fn create_token(Path(organization): Path<String>, call: Call) -> Outcome {
    create(call, Some(&organization)).await
}

async fn create(call: Call, organization: Option<&str>) -> Outcome {
    let scope = scope(&call, organization).await?;
    if let Some(reply) = call.remembered().await? {
        return Ok(reply);
    }
    let name = call.json::<Input>()?.name;
    let remember = |token: &ManagementToken| call.remember(&created(token));
    let result = tokens::create(call.services(), scope, &name, None, &remember).await;
    call.finish(result, |new: &NewToken| created(&new.stored).secret("token", &new.token)).await
}

fn created(token: &ManagementToken) -> Answer {
    let home = token.organization.map_or_else(String::new, |id| format!("/organizations/{id}"));
    Answer::created(&Output::of(token), format!("/manage/v1{home}/tokens/{}", public_id(token)))
}
