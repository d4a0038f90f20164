//! Changing the status of SIMs.

use super::{
    ConnectivityError, ConnectivityResult, EntryFault, Requestor, SimIdentifier, TRIES, request_status, sims,
};
use crate::Services;
use crate::ports::{SimRefusal, SimWrite, StoreError};
use muster_domain::account::{Request, RequestOutcome};
use muster_domain::ids::SimNumber;
use muster_domain::sim::SimStatus;
use std::collections::BTreeMap;

/// Gives each SIM its status: all of them, or none. Of several entries for one SIM the last counts.
pub async fn change_sim_status(
    services: &Services,
    requestor: &Requestor,
    entries: &[(SimIdentifier, SimStatus)],
) -> ConnectivityResult<Request> {
    let request = request_status::accept(services, requestor.account.id, RequestOutcome::Done, entries.len());
    let names: Vec<_> = entries.iter().map(|(name, _)| name.clone()).collect();
    for _ in 0..TRIES {
        let found = sims::find_sims(services, requestor, &names).await?;
        let mut changed = BTreeMap::<SimNumber, SimWrite>::new();
        let mut faults = Vec::new();
        for (place, (found, (name, status))) in found.into_iter().zip(entries).enumerate() {
            let Some(found) = found else {
                let error = ConnectivityError::SimNotFound;
                faults.push(EntryFault { place, name: name.to_string(), error });
                continue;
            };
            let mut sim = found.stored.value;
            sim.status = *status;
            let number = sim.number;
            changed.insert(number, SimWrite::Sim { sim: Box::new(sim), version: found.stored.version });
        }
        if !faults.is_empty() {
            return Err(ConnectivityError::Bulk(faults));
        }
        let writes = changed.into_values().chain([SimWrite::Request(request.clone())]).collect();
        match services.sims.write_sims(writes).await {
            Ok(()) => return Ok(request),
            Err(SimRefusal::Stale { .. }) => {}
            Err(SimRefusal::Store(error @ (StoreError::Corrupt(_) | StoreError::Internal(_)))) => {
                return Err(ConnectivityError::SimNotUpdated(error));
            }
            Err(refusal) => return Err(refusal.into()),
        }
    }
    Err(ConnectivityError::Contended)
}
