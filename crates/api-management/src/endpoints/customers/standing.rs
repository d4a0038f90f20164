use super::{Output, load, select};
use crate::answer::Answer;
use crate::call::{Call, Outcome, Path};
use crate::etag;
use crate::openapi::Problems;
use muster_app::ports::StoredCustomer;
use muster_app::usecases::authoring::standing;
use muster_app::usecases::customers::StandingPatch;
use serde::Deserialize;
use utoipa::ToSchema;

/// What changes about a customer's standing; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = StandingInput)]
#[serde(deny_unknown_fields)]
pub(super) struct Input {
    /// Account is active.
    activated: Option<bool>,
    /// Never qualifies for anything.
    suspended: Option<bool>,
    /// Keeps loyalty activity, gets no campaign messaging and no outcomes.
    marketing_ceased: Option<bool>,
    /// Points go to the test balance.
    test_account: Option<bool>,
    /// Such as `good`.
    account_status: Option<String>,
}

/// Change a customer's standing.
#[utoipa::path(
    patch, path = "/manage/v1/organizations/{organization}/customers/{customer}/standing",
    operation_id = "change_standing", tag = "customers", request_body = Input,
    params(
        ("organization" = i64, Path),
        ("customer" = String, Path, description = "The id, or `external:` and the client's own id"),
        ("If-Match" = Option<String>, Header), ("Idempotency-Key" = Option<String>, Header),
    ),
    responses((status = 200, body = Output), Problems)
)]
pub(super) async fn change_standing(
    Path((organization, customer)): Path<(String, String)>,
    call: Call,
) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    if let Some(reply) = call.remembered().await? {
        return Ok(reply);
    }
    let selector = select(&customer)?;
    let stored = load(&call, &snapshot, &customer).await?;
    let conditional = call.check_match(&etag::of_version(stored.version))?;
    let input = call.json::<Input>()?;
    let patch = StandingPatch {
        activated: input.activated,
        suspended: input.suspended,
        marketing_ceased: input.marketing_ceased,
        test_account: input.test_account,
        account_status: input.account_status,
    };
    let now = call.services().clock.now();
    let answer =
        |stored: &StoredCustomer| Answer::ok(&Output::of(stored, now)).etag(etag::of_version(stored.version));
    let remember = |stored: &StoredCustomer| call.remember(&answer(stored));
    let version = conditional.then_some(stored.version);
    let result =
        standing::change(call.services(), snapshot.id(), &selector, version, &patch, &remember).await;
    call.finish(result, answer).await
}
