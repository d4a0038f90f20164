use super::{Input, Output, created};
use crate::call::{Call, Outcome, Path};
use crate::openapi::Problems;
use muster_app::usecases::connectivity::{NewAccount, operators};
use muster_domain::account::Account;
use muster_domain::ids::AccountId;

/// Create an account, at the root of a tree or right below another one.
#[utoipa::path(
    post, path = "/manage/v1/organizations/{organization}/accounts", operation_id = "create_account",
    tag = "accounts", request_body = Input,
    params(("organization" = i64, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, body = Output), Problems)
)]
pub(super) async fn create_account(Path(organization): Path<String>, call: Call) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    if let Some(reply) = call.remembered().await? {
        return Ok(reply);
    }
    let input = call.json::<Input>()?;
    let parent = input.parent.map(AccountId);
    let new = NewAccount {
        id: input.id.map(AccountId),
        name: input.name,
        status: input.status,
        kind: input.kind,
        currency: input.currency,
        allow_offer_delegation: input.allow_offer_delegation,
        is_allowed_imei_lock: input.is_allowed_imei_lock,
        details: input.details,
    };
    let remember = |account: &Account| call.remember(&created(account));
    let result = operators::create_account(call.services(), snapshot.id(), parent, new, &remember).await;
    call.finish(result, created).await
}
