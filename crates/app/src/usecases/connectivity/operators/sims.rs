//! SIM cards of an organization.

use super::accounts::account;
use super::{ConnectivityError, ConnectivityResult};
use crate::Services;
use crate::ports::{PageOf, Paged, Versioned};
use muster_domain::ids::{AccountId, OrganizationId};
use muster_domain::sim::{Iccid, Sim, SimName};

/// The organization's SIM of that serial number.
pub async fn sim(
    services: &Services,
    organization: OrganizationId,
    iccid: &Iccid,
) -> ConnectivityResult<Versioned<Sim>> {
    let found = services.sims.sims_by_names(&[SimName::Iccid(iccid.to_string())]).await?;
    let found = found.into_iter().next().flatten();
    found.filter(|found| found.value.organization == organization).ok_or(ConnectivityError::SimNotFound)
}

/// SIMs of one of the organization's accounts, in order of loading.
pub async fn page_sims(
    services: &Services,
    organization: OrganizationId,
    id: AccountId,
    page: PageOf,
) -> ConnectivityResult<Paged<Sim>> {
    let account = account(services, organization, id).await?.value;
    Ok(services.sims.page_sims(account.id, page).await?)
}
