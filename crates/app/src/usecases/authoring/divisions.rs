//! Divisions: sub-organizations that campaigns are assigned to.

use super::{AuthoringError, AuthoringResult, Remember, guarded, not_found};
use crate::ports::CatalogWrite;
use crate::{AppError, Services};
use muster_domain::campaign::limits;
use muster_domain::ids::{DivisionId, OrganizationId};
use muster_domain::organization::Division;

/// Creates a division; refused if the id is taken in the organization.
pub async fn create(
    services: &Services,
    organization: OrganizationId,
    division: Division,
    remember: Remember<'_, Division>,
) -> AuthoringResult<Division> {
    check(&division)?;
    guarded(services, organization, |snapshot| {
        if snapshot.divisions.contains_key(&division.id) {
            let value = division.id.0.clone();
            return Err(AuthoringError::App(AppError::Duplicate { what: "id", value }));
        }
        Ok((remember(&division), vec![CatalogWrite::Division(division.clone())], division.clone()))
    })
    .await
}

/// Renames a division, provided that the stored one is what the caller knows, as `unchanged` judges.
pub async fn update(
    services: &Services,
    organization: OrganizationId,
    division: Division,
    unchanged: impl Fn(&Division) -> bool,
    remember: Remember<'_, Division>,
) -> AuthoringResult<Division> {
    check(&division)?;
    guarded(services, organization, |snapshot| {
        let stored =
            snapshot.divisions.get(&division.id).ok_or_else(|| not_found("division", &division.id))?;
        if !unchanged(stored) {
            return Err(AuthoringError::stale("division"));
        }
        Ok((remember(&division), vec![CatalogWrite::Division(division.clone())], division.clone()))
    })
    .await
}

/// Refuses what no division can be.
pub fn check(division: &Division) -> AuthoringResult<()> {
    super::organizations::check_name("name", &division.name)?;
    let DivisionId(id) = &division.id;
    // A comma parts the ids of `division_ids` on the engagement wire.
    let spelled = id.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    if id.is_empty() || id.len() > limits::MAX_TEXT_CHARS || !spelled {
        return Err(AuthoringError::field(
            "id",
            "must be 1 to 255 letters, digits, hyphens, underscores and dots",
        ));
    }
    Ok(())
}
