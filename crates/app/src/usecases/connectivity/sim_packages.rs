//! Attaching packages to SIMs and detaching them (connectivity contract §1.5, §4.9).

use super::{
    ConnectivityError, ConnectivityResult, EntryFault, FoundSim, Requestor, SimIdentifier, TRIES,
    request_status, sims,
};
use crate::Services;
use crate::ports::{SimRefusal, SimWrite};
use muster_domain::account::{Request, RequestOutcome};
use muster_domain::ids::{PackageId, SimNumber};
use muster_domain::tariff::Package;
use std::collections::{BTreeMap, HashMap};

/// Which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PackageStep {
    /// The SIM gets the package.
    Attach,
    /// The SIM loses it.
    Detach,
}

/// As whom the requestor acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// As the package's creator, on a SIM of a direct sub-account.
    Creator,
    /// For itself, on a SIM of its own with a package of its parent.
    SelfService,
}

/// Attaches or detaches, for all entries or for none of them.
pub async fn change_sim_packages(
    services: &Services,
    requestor: &Requestor,
    step: PackageStep,
    entries: &[(SimIdentifier, PackageId, Side)],
) -> ConnectivityResult<Request> {
    let request = request_status::accept(services, requestor.account.id, RequestOutcome::Done, entries.len());
    let names: Vec<_> = entries.iter().map(|(name, _, _)| name.clone()).collect();
    for _ in 0..TRIES {
        let mut packages = HashMap::<PackageId, Option<Package>>::new();
        for (_, id, _) in entries {
            if !packages.contains_key(id) {
                let found = services.sims.package(*id).await?.map(|found| found.value);
                packages.insert(*id, found.filter(|package| !package.deleted));
            }
        }
        let found = sims::find_sims(services, requestor, &names).await?;
        let mut changed = BTreeMap::<SimNumber, FoundSim>::new();
        let mut faults = Vec::new();
        for (place, (found, (name, id, side))) in found.into_iter().zip(entries).enumerate() {
            let package = packages.get(id).and_then(Option::as_ref);
            if let Err(error) = apply(requestor, step, *side, found, package, &mut changed) {
                faults.push(EntryFault { place, name: name.to_string(), error });
            }
        }
        if !faults.is_empty() {
            return Err(ConnectivityError::Bulk(faults));
        }
        let writes = changed
            .into_values()
            .map(|found| SimWrite::Sim { sim: Box::new(found.stored.value), version: found.stored.version });
        let writes = writes.chain([SimWrite::Request(request.clone())]).collect();
        match services.sims.write_sims(writes).await {
            Ok(()) => return Ok(request),
            // A package deleted in this moment is found deleted at the next try.
            Err(SimRefusal::Stale { .. } | SimRefusal::NoPackage) => {}
            Err(refusal) => return Err(refusal.into()),
        }
    }
    Err(ConnectivityError::Contended)
}

/// One entry, upon what the entries before it made of its SIM.
fn apply(
    requestor: &Requestor,
    step: PackageStep,
    side: Side,
    found: Option<FoundSim>,
    package: Option<&Package>,
    changed: &mut BTreeMap<SimNumber, FoundSim>,
) -> ConnectivityResult<()> {
    let found = found.ok_or(ConnectivityError::SimNotFound)?;
    let found = changed.get(&found.stored.value.number).cloned().unwrap_or(found);
    let package = package.ok_or(ConnectivityError::PackageNotFound)?;
    may_use(requestor, side, &found, package)?;
    let attached = match (step, found.stored.value.package) {
        (PackageStep::Attach, None) => Some(package.id),
        (PackageStep::Attach, Some(_)) => return Err(ConnectivityError::PackageAttached),
        (PackageStep::Detach, Some(id)) if id == package.id => None,
        (PackageStep::Detach, _) => return Err(ConnectivityError::NotAttached),
    };
    let mut found = found;
    found.stored.value.package = attached;
    changed.insert(found.stored.value.number, found);
    Ok(())
}

fn may_use(requestor: &Requestor, side: Side, found: &FoundSim, package: &Package) -> ConnectivityResult<()> {
    let own = &requestor.account;
    let own_sim = found.account.id == own.id;
    let refused = |reason| Err(ConnectivityError::NotPermitted(reason));
    match side {
        Side::Creator => {
            if package.account != own.id {
                return Err(ConnectivityError::PackageNotFound);
            }
            if own_sim {
                return refused("a package is for SIMs of sub-customers, not for one's own");
            }
        }
        Side::SelfService => {
            if own.parent != Some(package.account) {
                return Err(ConnectivityError::PackageNotFound);
            }
            if !own_sim {
                return refused("myPackage is for one's own SIMs");
            }
            if !own.allow_offer_delegation {
                return refused("the parent has not delegated its offers");
            }
            if !package.eligibility.includes(own.id) {
                return refused("the package is not open to this customer");
            }
        }
    }
    Ok(())
}
