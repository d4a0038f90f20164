//! Users of accounts: made by operators, never by the users themselves.

use super::{ConnectivityError, ConnectivityResult, check_name};
use crate::Services;
use crate::passwords::{PASSWORD_MAX_BYTES, PASSWORD_MIN_CHARS};
use crate::ports::SimWrite;
use muster_domain::account::{ApiUser, Role};
use muster_domain::ids::AccountId;

/// A user to be made.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// Unique over all accounts.
    pub username: String,
    /// The account it will speak for.
    pub account: AccountId,
    /// What it may do.
    pub role: Role,
}

/// Makes a user who signs in with this password.
pub async fn create_user(services: &Services, new: NewUser, password: &str) -> ConnectivityResult<ApiUser> {
    let user = make(services, new, password).await?;
    services.sims.write_sims(vec![SimWrite::User(user.clone())]).await?;
    Ok(user)
}

/// Checks a user and makes it ready to be stored.
pub(super) async fn make(services: &Services, new: NewUser, password: &str) -> ConnectivityResult<ApiUser> {
    check_name("username", &new.username)?;
    check_password(password)?;
    if services.sims.account(new.account).await?.is_none() {
        return Err(ConnectivityError::CustomerNotFound);
    }
    if services.sims.api_user(&new.username).await?.is_some() {
        return Err(ConnectivityError::UsernameTaken(new.username));
    }
    Ok(ApiUser {
        username: new.username,
        account: new.account,
        password_hash: services.passwords.hash(services.entropy.as_ref(), password).await?,
        role: new.role,
        created_at: services.clock.now(),
    })
}

/// Gives a user another password. Tokens that were given before stay valid until they expire.
pub async fn change_password(services: &Services, username: &str, password: &str) -> ConnectivityResult<()> {
    check_name("username", username)?;
    check_password(password)?;
    let found = services.sims.api_user(username).await?;
    let mut user = found.ok_or_else(|| ConnectivityError::invalid("username", "no such user"))?;
    user.password_hash = services.passwords.hash(services.entropy.as_ref(), password).await?;
    services.sims.write_sims(vec![SimWrite::User(user)]).await?;
    Ok(())
}

fn check_password(password: &str) -> ConnectivityResult<()> {
    if password.chars().count() < PASSWORD_MIN_CHARS {
        let rule = format!("at least {PASSWORD_MIN_CHARS} characters");
        return Err(ConnectivityError::invalid("password", rule));
    }
    if password.len() > PASSWORD_MAX_BYTES {
        return Err(ConnectivityError::invalid("password", format!("at most {PASSWORD_MAX_BYTES} bytes")));
    }
    Ok(())
}
