//! Accounts of an organization.

use super::super::accounts::{NewAccount, make, write};
use super::{ConnectivityError, ConnectivityResult, Remember, commit};
use crate::Services;
use crate::ports::{PageOf, Paged, Versioned};
use muster_domain::account::Account;
use muster_domain::ids::{AccountId, OrganizationId};

/// The organization's account of that id.
pub async fn account(
    services: &Services,
    organization: OrganizationId,
    id: AccountId,
) -> ConnectivityResult<Versioned<Account>> {
    let found = services.sims.account(id).await?;
    found.filter(|found| found.value.organization == organization).ok_or(ConnectivityError::CustomerNotFound)
}

/// Makes a root account of the organization, or one right below `parent`.
pub async fn create_account(
    services: &Services,
    organization: OrganizationId,
    parent: Option<AccountId>,
    new: NewAccount,
    remember: Remember<'_, Account>,
) -> ConnectivityResult<Account> {
    let parent = match parent {
        None => None,
        Some(id) => match account(services, organization, id).await {
            Ok(found) => Some(found.value),
            Err(ConnectivityError::CustomerNotFound) => {
                return Err(ConnectivityError::invalid("parent", "no account of the organization"));
            }
            Err(error) => return Err(error),
        },
    };
    // Ids are unique over all organizations; a taken one of somebody else's says no more than that.
    if let Some(id) = new.id
        && services.sims.account(id).await?.is_some()
    {
        return Err(ConnectivityError::invalid("id", "in use already"));
    }
    let made = make(services, organization, parent.as_ref(), new)?;
    commit(services, remember(&made), [write(&made)]).await?;
    Ok(made)
}

/// The organization's root accounts, or the accounts right below `parent`, in order of making.
pub async fn page_accounts(
    services: &Services,
    organization: OrganizationId,
    parent: Option<AccountId>,
    page: PageOf,
) -> ConnectivityResult<Paged<Account>> {
    if let Some(parent) = parent {
        let parent = account(services, organization, parent).await?.value;
        return Ok(services.sims.child_accounts(parent.id, page).await?);
    }
    let roots = services.sims.root_accounts(organization).await?;
    let total = roots.len() as u64;
    let skip = usize::try_from(page.skip()).unwrap_or(usize::MAX);
    Ok(Paged { rows: roots.into_iter().skip(skip).take(page.size as usize).collect(), total })
}
