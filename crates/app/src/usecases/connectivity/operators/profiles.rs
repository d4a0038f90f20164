//! Card profiles of an organization.

use super::super::check_name;
use super::{ConnectivityError, ConnectivityResult, Remember, commit};
use crate::Services;
use crate::ports::SimWrite;
use crate::sim_program::{CompileError, check_profile};
use muster_domain::ids::OrganizationId;
use muster_domain::sim::CardProfile;

/// The organization's profile of that name. The default profile is in every organization, as it is or as it was put.
pub async fn card_profile(
    services: &Services,
    organization: OrganizationId,
    name: &str,
) -> ConnectivityResult<Option<CardProfile>> {
    if let Some(found) = services.sims.card_profile(organization, name).await? {
        return Ok(Some(found));
    }
    Ok(Some(CardProfile::default()).filter(|profile| profile.name == name))
}

/// Every profile of the organization, by name.
pub async fn card_profiles(
    services: &Services,
    organization: OrganizationId,
) -> ConnectivityResult<Vec<CardProfile>> {
    let mut profiles = services.sims.card_profiles(organization).await?;
    let default = CardProfile::default();
    if profiles.iter().all(|profile| profile.name != default.name) {
        profiles.push(default);
    }
    profiles.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(profiles)
}

/// Creates or replaces a profile. Messages that are made from now on follow it.
pub async fn put_card_profile(
    services: &Services,
    organization: OrganizationId,
    profile: CardProfile,
    remember: Remember<'_, CardProfile>,
) -> ConnectivityResult<CardProfile> {
    check_name("name", &profile.name)?;
    check_profile(&profile).map_err(|error| match error {
        CompileError::Profile { reason, .. } => ConnectivityError::invalid("profile", reason),
        other => ConnectivityError::invalid("profile", other.to_string()),
    })?;
    let write = SimWrite::Profile { organization, profile: Box::new(profile.clone()) };
    commit(services, remember(&profile), [write]).await?;
    Ok(profile)
}
