//! Tokens of the management API.

use super::{AuthoringResult, Remember, commit, current, not_found};
use crate::ports::{CatalogWrite, ManagementToken};
use crate::{Services, secrets};
use muster_domain::ids::OrganizationId;

/// Prefix of a management token.
const PREFIX: &str = "msm";

/// Writes that touch no organization go under this id, which the store never gives away.
const NO_ORGANIZATION: OrganizationId = OrganizationId(0);

/// A token in the clear. It exists in the answer to the call that made it, and nowhere else.
#[derive(Clone)]
pub struct NewToken {
    /// The token as stored.
    pub stored: ManagementToken,
    /// The token itself.
    pub token: String,
}

/// Makes a token that opens one organization, or with `None` all. `given` is a token fixed in advance, as the
/// demo and installers need it.
pub async fn create(
    services: &Services,
    organization: Option<OrganizationId>,
    name: &str,
    given: Option<String>,
    remember: Remember<'_, ManagementToken>,
) -> AuthoringResult<NewToken> {
    super::organizations::check_name("name", name)?;
    if let Some(id) = organization {
        current(services, id).await?;
    }
    let token = given.unwrap_or_else(|| secrets::new_bearer(&*services.entropy, PREFIX));
    let stored = ManagementToken {
        sha256: secrets::digest(&token),
        organization,
        name: name.to_owned(),
        created_at: services.clock.now(),
    };
    let reply = remember(&stored);
    let home = organization.unwrap_or(NO_ORGANIZATION);
    commit(services, home, reply, vec![CatalogWrite::Token(stored.clone())]).await?;
    Ok(NewToken { stored, token })
}

/// The token behind what a caller presented; `None` if it is not one.
pub async fn find(services: &Services, presented: &str) -> AuthoringResult<Option<ManagementToken>> {
    let digest = secrets::digest(presented);
    let found = services.store.management_token(&digest).await?;
    // The look-up went by digest; the comparison that decides takes the same time whatever the answer.
    Ok(found.filter(|token| secrets::verify(presented, &token.sha256)))
}

/// Deletes the token whose public id, see [`public_id`], is given.
pub async fn revoke(
    services: &Services,
    organization: Option<OrganizationId>,
    id: &str,
) -> AuthoringResult<()> {
    let tokens = services.store.management_tokens(organization).await?;
    let token = tokens.into_iter().find(|token| public_id(token) == id);
    let token = token.ok_or_else(|| not_found("token", &id))?;
    let home = organization.unwrap_or(NO_ORGANIZATION);
    commit(services, home, None, vec![CatalogWrite::RevokeToken { sha256: token.sha256 }]).await
}

/// A name for the token that gives nothing away: the first sixteen digits of its digest.
pub fn public_id(token: &ManagementToken) -> &str {
    token.sha256.get(..16).unwrap_or(&token.sha256)
}
