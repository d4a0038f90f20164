use super::super::account_id;
use super::{Input, Output, created};
use crate::call::{Call, Outcome, Path};
use crate::openapi::Problems;
use muster_app::passwords;
use muster_app::usecases::connectivity::{NewUser, operators};
use muster_domain::account::ApiUser;

/// Make a user of an account for the connectivity face.
///
/// Without a password one is made: the answer holds it, once.
#[utoipa::path(
    post, path = "/manage/v1/organizations/{organization}/accounts/{account}/users",
    operation_id = "create_user", tag = "accounts", request_body = Input,
    params(
        ("organization" = i64, Path), ("account" = String, Path),
        ("Idempotency-Key" = Option<String>, Header),
    ),
    responses((status = 201, body = Output), Problems)
)]
pub(super) async fn create_user(
    Path((organization, account)): Path<(String, String)>,
    call: Call,
) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    if let Some(reply) = call.remembered().await? {
        return Ok(reply);
    }
    let input = call.json::<Input>()?;
    let made = input.password.is_none().then(|| passwords::generate(call.services().entropy.as_ref()));
    let password = input.password.as_deref().or(made.as_deref()).unwrap_or_default();
    let new = NewUser { username: input.username, account: account_id(&account)?, role: input.role };
    let organization = snapshot.id();
    let remember = |user: &ApiUser| call.remember(&created(organization, user));
    let result = operators::create_user(call.services(), organization, new, password, &remember).await;
    call.finish(result, |user| {
        let answer = created(organization, user);
        match &made {
            Some(password) => answer.secret("password", password),
            None => answer,
        }
    })
    .await
}
