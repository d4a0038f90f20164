//! Users of an organization's accounts.

use super::super::users::{self, NewUser};
use super::accounts::account;
use super::{ConnectivityError, ConnectivityResult, Remember, commit};
use crate::Services;
use crate::ports::SimWrite;
use muster_domain::account::ApiUser;
use muster_domain::ids::OrganizationId;

/// Makes a user of one of the organization's accounts, who signs in with this password.
pub async fn create_user(
    services: &Services,
    organization: OrganizationId,
    new: NewUser,
    password: &str,
    remember: Remember<'_, ApiUser>,
) -> ConnectivityResult<ApiUser> {
    account(services, organization, new.account).await?;
    let made = users::make(services, new, password).await?;
    commit(services, remember(&made), [SimWrite::User(made.clone())]).await?;
    Ok(made)
}

/// The user of that name, if it is one of the organization's; `None` otherwise.
pub async fn user(
    services: &Services,
    organization: OrganizationId,
    username: &str,
) -> ConnectivityResult<Option<ApiUser>> {
    let Some(user) = services.sims.api_user(username).await? else { return Ok(None) };
    match account(services, organization, user.account).await {
        Ok(_) => Ok(Some(user)),
        Err(ConnectivityError::CustomerNotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Gives one of the organization's users another password; `None` if there is no such user.
pub async fn change_password(
    services: &Services,
    organization: OrganizationId,
    username: &str,
    password: &str,
) -> ConnectivityResult<Option<ApiUser>> {
    let Some(user) = user(services, organization, username).await? else { return Ok(None) };
    users::change_password(services, username, password).await?;
    Ok(Some(user))
}
