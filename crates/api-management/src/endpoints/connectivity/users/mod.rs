//! Users of the connectivity face: `…/accounts/{account}/users` to make one, `…/users/{username}` for the rest.

mod change_password;
mod create;
mod read;

use crate::answer::Answer;
use crate::call::App;
use crate::document::rfc3339;
use muster_domain::account::{ApiUser, Role};
use muster_domain::ids::OrganizationId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(create::create_user))
        .routes(routes!(read::read_user))
        .routes(routes!(change_password::change_password))
}

/// What an operator says about a new user.
#[derive(Deserialize, ToSchema)]
#[schema(as = UserInput)]
#[serde(deny_unknown_fields)]
pub(super) struct Input {
    /// Unique over all accounts.
    #[schema(example = "meters-backend")]
    username: String,
    /// Left out, one is made and shown in the answer, once.
    #[serde(default)]
    password: Option<String>,
    /// `user` reads and changes, `read_only` reads.
    #[serde(default = "user")]
    #[schema(value_type = String, example = "user")]
    role: Role,
}

const fn user() -> Role {
    Role::User
}

/// A user of an account. Passwords are never shown.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = User)]
pub(super) struct Output {
    /// Unique over all accounts.
    username: String,
    /// The account it speaks for.
    account: String,
    /// `user` reads and changes, `read_only` reads.
    #[schema(value_type = String)]
    role: Role,
    /// When it was made.
    created_at: String,
}

impl Output {
    fn of(user: &ApiUser) -> Self {
        Self {
            username: user.username.clone(),
            account: user.account.to_string(),
            role: user.role,
            created_at: rfc3339(user.created_at),
        }
    }
}

fn created(organization: OrganizationId, user: &ApiUser) -> Answer {
    // Names of users may hold anything; only the plain ones make an address.
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~@".contains(&byte);
    let answer = Answer::created(
        &Output::of(user),
        format!("/manage/v1/organizations/{organization}/users/{}", user.username),
    );
    if user.username.bytes().all(plain) { answer } else { Answer { location: None, ..answer } }
}
