//! Accounts: made for operators and for parents, and listed one level down.

use super::{ConnectivityError, ConnectivityResult, check_currency, check_name, request_status};
use crate::Services;
use crate::ports::{Expected, PageOf, Paged, SimWrite};
use muster_domain::account::{Account, AccountKind, AccountStatus, Request, RequestOutcome};
use muster_domain::ids::{AccountId, OrganizationId};
use serde_json::{Map, Value};

/// An account to be made.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// Its id, for accounts that are taken over from elsewhere.
    pub id: Option<AccountId>,
    /// Display name; may be empty.
    pub name: String,
    /// Its status.
    pub status: AccountStatus,
    /// Private person or business.
    pub kind: AccountKind,
    /// ISO 4217 code.
    pub currency: String,
    /// Whether it may attach its parent's packages to its own SIMs.
    pub allow_offer_delegation: bool,
    /// Whether its SIMs may be locked to a device.
    pub is_allowed_imei_lock: bool,
    /// Further members under their wire names, as given.
    pub details: Map<String, Value>,
}

/// Makes a root account of an organization, or one below `parent`.
pub async fn create_account(
    services: &Services,
    organization: OrganizationId,
    parent: Option<&Account>,
    new: NewAccount,
) -> ConnectivityResult<Account> {
    if services.catalog.organization(organization).is_none() {
        return Err(ConnectivityError::invalid("organization", "no such organization"));
    }
    let account = make(services, organization, parent, new)?;
    services.sims.write_sims(vec![write(&account)]).await?;
    Ok(account)
}

/// Makes an account right below the requestor's own.
pub async fn create_sub_account(
    services: &Services,
    parent: &Account,
    new: NewAccount,
) -> ConnectivityResult<(Account, Request)> {
    let account = make(services, parent.organization, Some(parent), new)?;
    let request = request_status::accept(services, parent.id, RequestOutcome::Done, 1);
    services.sims.write_sims(vec![write(&account), SimWrite::Request(request.clone())]).await?;
    Ok((account, request))
}

/// Accounts right below this one.
pub async fn child_accounts(
    services: &Services,
    parent: &Account,
    page: PageOf,
) -> ConnectivityResult<Paged<Account>> {
    services.sims.child_accounts(parent.id, page).await.map_err(ConnectivityError::unreadable)
}

/// Checks an account and makes it ready to be stored.
pub(super) fn make(
    services: &Services,
    organization: OrganizationId,
    parent: Option<&Account>,
    new: NewAccount,
) -> ConnectivityResult<Account> {
    if !new.name.is_empty() {
        check_name("name", &new.name)?;
    }
    check_currency(&new.currency)?;
    Ok(Account {
        id: new.id.unwrap_or_else(|| AccountId(services.entropy.uuid())),
        organization,
        parent: parent.map(|parent| parent.id),
        name: new.name,
        status: new.status,
        kind: new.kind,
        currency: new.currency,
        allow_offer_delegation: new.allow_offer_delegation,
        is_allowed_imei_lock: new.is_allowed_imei_lock,
        is_imei_lock_enabled: false,
        details: new.details,
        created_at: services.clock.now(),
    })
}

pub(super) fn write(account: &Account) -> SimWrite {
    SimWrite::Account { account: Box::new(account.clone()), expected: Expected::Absent }
}
