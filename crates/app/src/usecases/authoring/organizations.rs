//! Organizations: the tenants.

use super::{AuthoringError, AuthoringResult, Remember, commit};
use crate::ports::CatalogWrite;
use crate::{Services, secrets};
use muster_domain::behavior::DayZone;
use muster_domain::campaign::limits;
use muster_domain::ids::OrganizationId;
use muster_domain::organization::Organization;

/// What an author says about an organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrganizationDraft {
    /// Unique name.
    pub name: String,
    /// Whether divisions are in use.
    pub multi_org: bool,
    /// IANA zone of calendar-day rules.
    pub time_zone: String,
    /// Scheme and host in front of emitted addresses; `None` takes the server's own.
    pub public_base_url: Option<String>,
}

impl OrganizationDraft {
    /// Refuses what no organization can be.
    pub fn check(&self) -> AuthoringResult<()> {
        check_name("name", &self.name)?;
        if DayZone::named(&self.time_zone).is_none() {
            return Err(AuthoringError::field(
                "time_zone",
                format!("{:?} is not the name of a time zone, such as Europe/Berlin", self.time_zone),
            ));
        }
        match &self.public_base_url {
            Some(url) if !is_base_url(url) => Err(AuthoringError::field(
                "public_base_url",
                "must begin with http:// or https://, name a host, and not end in a slash",
            )),
            _ => Ok(()),
        }
    }
}

/// A name that says something, within bounds.
pub(super) fn check_name(place: &'static str, name: &str) -> AuthoringResult<()> {
    let refuse = |reason: &str| Err(AuthoringError::field(place, reason));
    if name.trim().is_empty() {
        return refuse("must not be empty");
    }
    if name.chars().count() > limits::MAX_TEXT_CHARS {
        return refuse("is longer than 255 characters");
    }
    if name.chars().any(char::is_control) {
        return refuse("must not contain control characters");
    }
    Ok(())
}

fn is_base_url(url: &str) -> bool {
    let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    host.is_some_and(|host| !host.is_empty())
        && !url.ends_with('/')
        && url.len() <= limits::MAX_URL_CHARS
        && !url
            .chars()
            .any(|c| c.is_whitespace() || c.is_control() || matches!(c, '?' | '#' | '"' | '<' | '>'))
}

/// A new organization under a new id, not yet written.
pub async fn prepare(services: &Services, draft: OrganizationDraft) -> AuthoringResult<Organization> {
    draft.check()?;
    Ok(Organization {
        id: services.store.allocate_organization_id().await?,
        name: draft.name,
        multi_org: draft.multi_org,
        time_zone: draft.time_zone,
        public_base_url: draft.public_base_url,
        tracking_secret: secrets::new_secret(&*services.entropy),
        created_at: services.clock.now(),
    })
}

/// Creates an organization under a new id.
pub async fn create(
    services: &Services,
    draft: OrganizationDraft,
    remember: Remember<'_, Organization>,
) -> AuthoringResult<Organization> {
    let organization = prepare(services, draft).await?;
    let reply = remember(&organization);
    commit(services, organization.id, reply, vec![CatalogWrite::Organization(organization.clone())]).await?;
    Ok(organization)
}

/// Replaces what an author may say about an organization, provided that the stored one is what the caller knows,
/// as `unchanged` judges.
pub async fn update(
    services: &Services,
    id: OrganizationId,
    draft: OrganizationDraft,
    unchanged: impl Fn(&Organization) -> bool,
    remember: Remember<'_, Organization>,
) -> AuthoringResult<Organization> {
    draft.check()?;
    super::guarded(services, id, |snapshot| {
        if !unchanged(&snapshot.organization) {
            return Err(AuthoringError::stale("organization"));
        }
        let organization = Organization {
            name: draft.name.clone(),
            multi_org: draft.multi_org,
            time_zone: draft.time_zone.clone(),
            public_base_url: draft.public_base_url.clone(),
            ..snapshot.organization.clone()
        };
        let reply = remember(&organization);
        Ok((reply, vec![CatalogWrite::Organization(organization.clone())], organization))
    })
    .await
}
