//! Enrolling SIMs in a campaign.

use super::{
    ConnectivityError, ConnectivityResult, EntryFault, SimIdentifier, TRIES, campaigns, request_status, sims,
};
use crate::Services;
use crate::ports::{NewParticipant, PageOf, SimRefusal, SimWrite};
use muster_domain::account::{Account, Request, RequestOutcome};
use muster_domain::ids::{AccountId, SimCampaignId, SimNumber};
use muster_domain::participant::ParticipantStatus;
use std::collections::{HashMap, HashSet};

/// Enrols SIMs of the account and of its direct sub-accounts in its campaign, in order: all of them, or none.
pub async fn enrol(
    services: &Services,
    account: &Account,
    id: SimCampaignId,
    names: &[SimIdentifier],
) -> ConnectivityResult<Request> {
    let request = request_status::accept(services, account.id, RequestOutcome::Done, names.len());
    for _ in 0..TRIES {
        let campaign = campaigns::campaign_to_change(services, account.id, id).await?.value;
        if campaign.status.is_terminal() {
            return Err(ConnectivityError::TransitionNotAllowed(campaign.status));
        }
        let (participants, mut faults) = gather(services, account.id, names).await?;
        if !faults.is_empty() {
            faults.extend(enrolled_already(services, id, names, &participants).await?);
            faults.sort_by_key(|fault| fault.place);
            return Err(ConnectivityError::Bulk(faults));
        }
        let enrolling = participants.iter().flatten().cloned().collect();
        let write = SimWrite::Enrol { campaign: id, participants: enrolling };
        match services.sims.write_sims(vec![write, SimWrite::Request(request.clone())]).await {
            Ok(()) => return Ok(request),
            Err(SimRefusal::Duplicate { what: "participant", .. }) => {
                let faults = enrolled_already(services, id, names, &participants).await?;
                if !faults.is_empty() {
                    return Err(ConnectivityError::Bulk(faults));
                }
            }
            Err(SimRefusal::CampaignEnded | SimRefusal::Stale { .. }) => {}
            Err(refusal) => return Err(refusal.into()),
        }
    }
    Err(ConnectivityError::Contended)
}

/// What each name stands for, with the faults that show without asking the campaign.
pub(super) async fn gather(
    services: &Services,
    account: AccountId,
    names: &[SimIdentifier],
) -> ConnectivityResult<(Vec<Option<NewParticipant>>, Vec<EntryFault>)> {
    let now = services.clock.now();
    let found = sims::look_up(services, names).await?;
    let mut in_reach = HashMap::from([(account, true)]);
    let mut seen = HashSet::<SimNumber>::new();
    let (mut participants, mut faults) = (Vec::with_capacity(names.len()), Vec::new());
    for (place, (found, name)) in found.into_iter().zip(names).enumerate() {
        let mut fault = |error| faults.push(EntryFault { place, name: name.to_string(), error });
        participants.push(None);
        let Some(sim) = found.map(|found| found.value) else {
            fault(ConnectivityError::SimNotFound);
            continue;
        };
        let reachable = if let Some(reachable) = in_reach.get(&sim.account) {
            *reachable
        } else {
            let owner = services.sims.account(sim.account).await?;
            let reachable = owner.is_some_and(|owner| owner.value.parent == Some(account));
            in_reach.insert(sim.account, reachable);
            reachable
        };
        if !reachable {
            fault(ConnectivityError::SimNotFound);
        } else if !seen.insert(sim.number) {
            fault(ConnectivityError::AlreadyParticipates);
        } else {
            participants[place] = Some(NewParticipant {
                id: None,
                sim: sim.number,
                iccid: sim.iccid,
                status: ParticipantStatus::Pending,
                attempt: 0,
                code: String::new(),
                message: String::new(),
                updated_at: now,
            });
        }
    }
    Ok((participants, faults))
}

/// Every one of them that takes part already; asked only when something is refused.
async fn enrolled_already(
    services: &Services,
    campaign: SimCampaignId,
    names: &[SimIdentifier],
    participants: &[Option<NewParticipant>],
) -> ConnectivityResult<Vec<EntryFault>> {
    let mut faults = Vec::new();
    for (place, (participant, name)) in participants.iter().zip(names).enumerate() {
        let Some(participant) = participant else { continue };
        let page = PageOf { number: 1, size: 1 };
        if services.sims.participations(participant.sim, Some(campaign), page).await?.total > 0 {
            let error = ConnectivityError::AlreadyParticipates;
            faults.push(EntryFault { place, name: name.to_string(), error });
        }
    }
    Ok(faults)
}
