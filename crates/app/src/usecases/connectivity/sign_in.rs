//! Tokens: given for a user's password, and what they open.

use super::{ConnectivityError, ConnectivityResult, Requestor};
use crate::ports::SimWrite;
use crate::{Services, secrets};
use muster_domain::account::ApiToken;

/// Begins every token, so that one is recognised where it should not be.
const PREFIX: &str = "msc";
/// Longest name or token that is looked for.
const NAME_MAX_BYTES: usize = 255;

/// A new token.
#[derive(Clone)]
pub struct SignedIn {
    /// The token itself; the store has only its digest.
    pub token: String,
    /// Seconds that it is valid.
    pub expires_in_s: u32,
}

/// Gives the user a token. It takes as long to refuse an unknown name as to refuse a wrong password.
pub async fn sign_in(services: &Services, username: &str, password: &str) -> ConnectivityResult<SignedIn> {
    let user = if plausible(username) { services.sims.api_user(username).await? } else { None };
    let stored = user.as_ref().map(|user| user.password_hash.as_str());
    let proven = services.passwords.verify(password, stored).await?;
    let Some(user) = user.filter(|_| proven) else {
        return Err(ConnectivityError::InvalidCredentials);
    };
    let token = secrets::new_bearer(services.entropy.as_ref(), PREFIX);
    let expires_in_s = services.settings.api_token_ttl_s;
    let expires_at = services.clock.now().plus_seconds(i64::from(expires_in_s));
    let stored = ApiToken { sha256: secrets::digest(&token), username: user.username, expires_at };
    services.sims.write_sims(vec![SimWrite::Token(stored)]).await?;
    Ok(SignedIn { token, expires_in_s })
}

/// Who presents the token.
pub async fn authenticate(services: &Services, token: &str) -> ConnectivityResult<Requestor> {
    if !plausible(token) {
        return Err(ConnectivityError::Unauthenticated);
    }
    let found = services.sims.api_token(&secrets::digest(token)).await?;
    let now = services.clock.now();
    let Some((_, user)) = found.filter(|(token, _)| now < token.expires_at) else {
        return Err(ConnectivityError::Unauthenticated);
    };
    let account = services.sims.account(user.account).await?.ok_or(ConnectivityError::Unauthenticated)?;
    Ok(Requestor { username: user.username, role: user.role, account: account.value })
}

/// Whether the store may be asked for it: databases refuse a NUL, and nobody has a name of megabytes.
fn plausible(text: &str) -> bool {
    !text.is_empty() && text.len() <= NAME_MAX_BYTES && !text.contains('\0')
}
