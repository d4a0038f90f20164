//! Packages: made by an account for its sub-accounts (connectivity contract §1.5, §4.8, §4.9).

use super::{
    ConnectivityError, ConnectivityResult, DESCRIPTION_MAX_CHARS, TRIES, check_length, check_name,
    request_status,
};
use crate::Services;
use crate::ports::{Expected, PackagesOf, PageOf, Paged, SimRefusal, SimWrite, Versioned};
use muster_domain::account::{Account, Request, RequestOutcome};
use muster_domain::ids::{AccountId, PackageId, TariffId};
use muster_domain::tariff::{Eligibility, Package};
use std::collections::HashSet;

/// Most offers of a package.
pub(super) const NESTED_OFFERS_MAX: usize = 100;
/// Most sub-accounts that can be named; `ALL` has no limit.
pub(super) const ELIGIBLE_MAX: usize = 1000;

/// A package to be made.
#[derive(Debug, Clone)]
pub struct NewPackage {
    /// Its id, for packages that are taken over from elsewhere.
    pub id: Option<PackageId>,
    /// Unique among the account's packages that are not deleted.
    pub name: String,
    /// Optional description.
    pub description: Option<String>,
    /// At least one, in order of consumption.
    pub nested_offers: Vec<TariffId>,
    /// Who may use it.
    pub eligibility: Eligibility,
    /// For packages that are taken over: whether it was attached before.
    pub is_ever_used: bool,
}

/// What changes of a package; `None` leaves it as it is.
#[derive(Debug, Clone, Default)]
pub struct PackageChange {
    /// The description; `Some(None)` takes it away.
    pub description: Option<Option<String>>,
    /// The offers. Refused once the package was attached.
    pub nested_offers: Option<Vec<TariffId>>,
    /// Who may use it.
    pub eligibility: Option<Eligibility>,
}

/// Makes a package of the account.
pub async fn create_package(
    services: &Services,
    account: &Account,
    new: NewPackage,
) -> ConnectivityResult<(PackageId, Request)> {
    check_name("name", &new.name)?;
    check_description(new.description.as_deref())?;
    check_offers(services, account.id, &new.nested_offers).await?;
    check_eligibility(services, account.id, &new.eligibility).await?;
    let package = Package {
        id: new.id.unwrap_or_else(|| PackageId(services.entropy.uuid())),
        account: account.id,
        name: new.name,
        description: new.description,
        nested_offers: new.nested_offers,
        eligibility: new.eligibility,
        is_ever_used: new.is_ever_used,
        deleted: false,
        created_at: services.clock.now(),
    };
    let id = package.id;
    let request = request_status::accept(services, account.id, RequestOutcome::Done, 1);
    let write = SimWrite::Package { package: Box::new(package), expected: Expected::Absent };
    services.sims.write_sims(vec![write, SimWrite::Request(request.clone())]).await?;
    Ok((id, request))
}

/// Changes a package of the account.
pub async fn modify_package(
    services: &Services,
    account: &Account,
    id: PackageId,
    change: &PackageChange,
) -> ConnectivityResult<Request> {
    check_description(change.description.as_ref().and_then(Option::as_deref))?;
    let request = request_status::accept(services, account.id, RequestOutcome::Done, 1);
    for _ in 0..TRIES {
        let stored = own_package(services, account, id).await?;
        if let Some(offers) = &change.nested_offers {
            if stored.value.is_ever_used {
                return Err(ConnectivityError::NestedOffersFrozen);
            }
            check_offers(services, account.id, offers).await?;
        }
        if let Some(eligibility) = &change.eligibility {
            check_eligibility(services, account.id, eligibility).await?;
        }
        let mut package = stored.value;
        package.description = change.description.clone().unwrap_or(package.description);
        package.nested_offers = change.nested_offers.clone().unwrap_or(package.nested_offers);
        package.eligibility = change.eligibility.clone().unwrap_or(package.eligibility);
        if write(services, package, stored.version, &request).await? {
            return Ok(request);
        }
    }
    Err(ConnectivityError::Contended)
}

/// Deletes a package of the account, for ever. Refused while a SIM has it.
pub async fn delete_package(
    services: &Services,
    account: &Account,
    id: PackageId,
) -> ConnectivityResult<Request> {
    let request = request_status::accept(services, account.id, RequestOutcome::Done, 1);
    for _ in 0..TRIES {
        let stored = own_package(services, account, id).await?;
        let package = Package { deleted: true, ..stored.value };
        if write(services, package, stored.version, &request).await? {
            return Ok(request);
        }
    }
    Err(ConnectivityError::Contended)
}

/// Packages that the account made.
pub async fn created_packages(
    services: &Services,
    account: &Account,
    page: PageOf,
) -> ConnectivityResult<Paged<Package>> {
    read(services, PackagesOf::CreatedBy(account.id), page).await
}

/// Packages of the parent that the account may attach by itself; none unless the parent delegates.
pub async fn eligible_packages(
    services: &Services,
    account: &Account,
    page: PageOf,
) -> ConnectivityResult<Paged<Package>> {
    match account.parent {
        Some(parent) if account.allow_offer_delegation => {
            read(services, PackagesOf::OpenTo { account: account.id, parent }, page).await
        }
        _ => Ok(Paged { rows: Vec::new(), total: 0 }),
    }
}

/// Packages that SIMs of the account have.
pub async fn packages_in_use(
    services: &Services,
    account: &Account,
    page: PageOf,
) -> ConnectivityResult<Paged<Package>> {
    read(services, PackagesOf::AttachedIn(account.id), page).await
}

async fn read(services: &Services, of: PackagesOf, page: PageOf) -> ConnectivityResult<Paged<Package>> {
    services.sims.page_packages(of, page).await.map_err(ConnectivityError::unreadable)
}

async fn own_package(
    services: &Services,
    account: &Account,
    id: PackageId,
) -> ConnectivityResult<Versioned<Package>> {
    let found = services.sims.package(id).await?;
    found
        .filter(|found| found.value.account == account.id && !found.value.deleted)
        .ok_or(ConnectivityError::PackageNotFound)
}

/// Whether it was written; not if somebody else was faster.
async fn write(
    services: &Services,
    package: Package,
    version: u64,
    request: &Request,
) -> ConnectivityResult<bool> {
    let write = SimWrite::Package { package: Box::new(package), expected: Expected::Version(version) };
    match services.sims.write_sims(vec![write, SimWrite::Request(request.clone())]).await {
        Ok(()) => Ok(true),
        Err(SimRefusal::Stale { .. }) => Ok(false),
        Err(refusal) => Err(refusal.into()),
    }
}

fn check_description(description: Option<&str>) -> ConnectivityResult<()> {
    check_length("description", description.unwrap_or_default(), DESCRIPTION_MAX_CHARS)
}

async fn check_offers(
    services: &Services,
    account: AccountId,
    offers: &[TariffId],
) -> ConnectivityResult<()> {
    let wrong = |rule: String| Err(ConnectivityError::invalid("nestedOffers", rule));
    if offers.is_empty() {
        return wrong("at least one offer".to_owned());
    }
    if offers.len() > NESTED_OFFERS_MAX {
        return wrong(format!("at most {NESTED_OFFERS_MAX} offers"));
    }
    let mut seen = HashSet::new();
    if !offers.iter().all(|id| seen.insert(*id)) {
        return wrong("an offer is named once".to_owned());
    }
    let tariffs = services.sims.tariffs(offers).await?;
    for (id, tariff) in offers.iter().zip(tariffs) {
        if tariff.is_none_or(|tariff| tariff.account != account) {
            return Err(ConnectivityError::OfferNotFound(id.to_string()));
        }
    }
    Ok(())
}

async fn check_eligibility(
    services: &Services,
    account: AccountId,
    eligibility: &Eligibility,
) -> ConnectivityResult<()> {
    let Eligibility::These(ids) = eligibility else { return Ok(()) };
    if ids.len() > ELIGIBLE_MAX {
        let rule = format!("at most {ELIGIBLE_MAX} sub-accounts, or ALL");
        return Err(ConnectivityError::invalid("eligibleSubAccountIds", rule));
    }
    for id in ids {
        let found = services.sims.account(*id).await?;
        if found.is_none_or(|found| found.value.parent != Some(account)) {
            return Err(ConnectivityError::SubAccountNotFound(id.to_string()));
        }
    }
    Ok(())
}
