//! Enrolling in pieces: what cannot be enrolled is named, who takes part already is passed over, and the rest goes in.
//! Repeating an enrolment therefore completes it, wherever it was interrupted.

use super::super::{EntryFault, SimIdentifier, TRIES, enrol::gather};
use super::accounts::account;
use super::campaigns::campaign;
use super::{ConnectivityError, ConnectivityResult};
use crate::Services;
use crate::ports::{NewParticipant, PageOf, SimRefusal, SimWrite};
use futures_util::{StreamExt, TryStreamExt, stream};
use muster_domain::account::Account;
use muster_domain::ids::{AccountId, OrganizationId, SimCampaignId, SimNumber};
use muster_domain::participant::{Outcome, ParticipantStatus};
use muster_domain::sim::{Iccid, Sim, SimStatus};
use muster_domain::sim_campaign::{SimCampaign, shown_status};
use muster_domain::time::UnixMillis;

/// Most cards that are enrolled in one transaction.
pub const ENROL_CHUNK: usize = 500;
/// How many cards are asked at once whether they take part.
const ASKED_AT_ONCE: usize = 16;

/// What became of cards that were to be enrolled.
#[derive(Debug, Clone, Default)]
pub struct Enrolled {
    /// How many take part now and did not before.
    pub enrolled: u64,
    /// How many took part already, or were named twice.
    pub already: u64,
    /// Which cannot take part, with the place of each in what was given.
    pub refused: Vec<EntryFault>,
}

impl Enrolled {
    /// Adds what became of the cards that follow, the first of which has that place.
    pub fn add(&mut self, next: Self, first: usize) {
        self.enrolled += next.enrolled;
        self.already += next.already;
        let moved = next.refused.into_iter().map(|fault| EntryFault { place: fault.place + first, ..fault });
        self.refused.extend(moved);
    }
}

/// Which cards of an account are meant. What is not given is not asked about.
#[derive(Debug, Clone)]
pub struct SimQuery {
    /// The account whose cards they are: the campaign's, or one right below it.
    pub account: AccountId,
    /// They have this label.
    pub label: Option<String>,
    /// They are of this profile.
    pub profile: Option<String>,
    /// They have this status.
    pub status: Option<SimStatus>,
}

impl SimQuery {
    fn fits(&self, sim: &Sim) -> bool {
        self.label.as_ref().is_none_or(|label| sim.labels.contains(label))
            && self.profile.as_ref().is_none_or(|profile| sim.profile == *profile)
            && self.status.is_none_or(|status| sim.status == status)
    }
}

/// Which participants of another campaign are meant.
#[derive(Debug, Clone)]
pub struct FromCampaign {
    /// The other campaign, of the same account.
    pub campaign: SimCampaignId,
    /// Those shown in one of these statuses.
    pub statuses: Vec<ParticipantStatus>,
    /// Of those, the ones whose last attempt ended in one of these ways; all of them if none is given.
    pub outcomes: Vec<Outcome>,
}

/// Enrols the cards of these names, of any number.
pub async fn enrol_names(
    services: &Services,
    organization: OrganizationId,
    id: SimCampaignId,
    names: &[SimIdentifier],
) -> ConnectivityResult<Enrolled> {
    let mut all = Enrolled::default();
    for (index, chunk) in names.chunks(ENROL_CHUNK).enumerate() {
        let campaign = open_campaign(services, organization, id).await?;
        let (participants, faults) = gather(services, campaign.account, chunk).await?;
        let (twice, refused) = faults
            .into_iter()
            .partition::<Vec<_>, _>(|fault| matches!(fault.error, ConnectivityError::AlreadyParticipates));
        let (enrolled, already) = put(services, id, participants.into_iter().flatten().collect()).await?;
        let done = Enrolled { enrolled, already: already + twice.len() as u64, refused };
        all.add(done, index * ENROL_CHUNK);
    }
    Ok(all)
}

/// Enrols the cards that a query means, looking at `limit` cards at least (and a chunk more at most) behind the first
/// `from`. Also tells from where to go on; `None` when all were looked at.
pub async fn enrol_matching(
    services: &Services,
    organization: OrganizationId,
    id: SimCampaignId,
    query: &SimQuery,
    from: u64,
    limit: u64,
) -> ConnectivityResult<(Enrolled, Option<u64>)> {
    let size = ENROL_CHUNK as u32;
    let mut all = Enrolled::default();
    let mut page = PageOf { number: from / u64::from(size) + 1, size };
    let end = from.saturating_add(limit);
    loop {
        let campaign = open_campaign(services, organization, id).await?;
        let owner = owner_within_reach(services, &campaign, query.account).await?;
        let now = services.clock.now();
        let found = services.sims.page_sims(owner.id, page).await?;
        let meant = found.rows.into_iter().filter(|sim| query.fits(sim));
        let (enrolled, already) =
            put(services, id, meant.map(|sim| newcomer(sim.number, sim.iccid, now)).collect()).await?;
        all.add(Enrolled { enrolled, already, refused: Vec::new() }, 0);
        let next = page.skip() + u64::from(size);
        if next >= found.total {
            return Ok((all, None));
        }
        if next >= end {
            return Ok((all, Some(next)));
        }
        page.number += 1;
    }
}

/// Enrols participants of another campaign of the account, looking at `limit` of them at least (and a chunk more at
/// most) from ordinal `from` on. Also tells from where to go on; `None` when all were looked at.
pub async fn enrol_from(
    services: &Services,
    organization: OrganizationId,
    id: SimCampaignId,
    source: &FromCampaign,
    from: u64,
    limit: u64,
) -> ConnectivityResult<(Enrolled, Option<u64>)> {
    let mut all = Enrolled::default();
    let mut ordinal = from;
    let end = from.saturating_add(limit);
    loop {
        let target = open_campaign(services, organization, id).await?;
        let other = campaign(services, organization, source.campaign).await?.value;
        if other.account != target.account {
            return Err(ConnectivityError::invalid("campaign", "a campaign of the same account"));
        }
        let now = services.clock.now();
        let found = services.sims.scan_participants(other.id, ordinal, ENROL_CHUNK as u32).await?;
        let Some(last) = found.last().map(|loaded| loaded.participant.ordinal) else {
            return Ok((all, None));
        };
        let is_last = found.len() < ENROL_CHUNK;
        let meant = found.into_iter().map(|loaded| loaded.participant).filter(|participant| {
            let outcome = participant.attempts.last().and_then(|attempt| attempt.outcome);
            source.statuses.contains(&shown_status(participant.status, other.status))
                && (source.outcomes.is_empty()
                    || outcome.is_some_and(|outcome| source.outcomes.contains(&outcome)))
        });
        let newcomers = meant.map(|participant| newcomer(participant.sim, participant.iccid, now)).collect();
        let (enrolled, already) = put(services, id, newcomers).await?;
        all.add(Enrolled { enrolled, already, refused: Vec::new() }, 0);
        ordinal = last + 1;
        if is_last {
            return Ok((all, None));
        }
        if ordinal >= end {
            return Ok((all, Some(ordinal)));
        }
    }
}

/// The campaign, if anybody can still be enrolled in it.
async fn open_campaign(
    services: &Services,
    organization: OrganizationId,
    id: SimCampaignId,
) -> ConnectivityResult<SimCampaign> {
    let campaign = campaign(services, organization, id).await?.value;
    if campaign.status.is_terminal() {
        return Err(ConnectivityError::TransitionNotAllowed(campaign.status));
    }
    Ok(campaign)
}

async fn owner_within_reach(
    services: &Services,
    campaign: &SimCampaign,
    id: AccountId,
) -> ConnectivityResult<Account> {
    let refused =
        || Err(ConnectivityError::invalid("account", "the campaign's account, or one right below it"));
    let owner = match account(services, campaign.organization, id).await {
        Ok(found) => found.value,
        Err(ConnectivityError::CustomerNotFound) => return refused(),
        Err(error) => return Err(error),
    };
    if owner.id == campaign.account || owner.parent == Some(campaign.account) { Ok(owner) } else { refused() }
}

fn newcomer(sim: SimNumber, iccid: Iccid, now: UnixMillis) -> NewParticipant {
    NewParticipant {
        id: None,
        sim,
        iccid,
        status: ParticipantStatus::Pending,
        attempt: 0,
        code: String::new(),
        message: String::new(),
        updated_at: now,
    }
}

/// Enrols those who do not take part yet; tells how many they were, and how many took part already.
async fn put(
    services: &Services,
    campaign: SimCampaignId,
    mut newcomers: Vec<NewParticipant>,
) -> ConnectivityResult<(u64, u64)> {
    let given = newcomers.len();
    for _ in 0..TRIES {
        let already = (given - newcomers.len()) as u64;
        if newcomers.is_empty() {
            return Ok((0, already));
        }
        let write = SimWrite::Enrol { campaign, participants: newcomers.clone() };
        match services.sims.write_sims(vec![write]).await {
            Ok(()) => return Ok((newcomers.len() as u64, already)),
            // Only now is it worth asking for each of them.
            Err(SimRefusal::Duplicate { what: "participant", .. }) => {
                newcomers = absent(services, campaign, newcomers).await?;
            }
            Err(SimRefusal::Stale { .. }) => {}
            Err(refusal) => return Err(refusal.into()),
        }
    }
    Err(ConnectivityError::Contended)
}

/// Those of them who do not take part.
async fn absent(
    services: &Services,
    campaign: SimCampaignId,
    newcomers: Vec<NewParticipant>,
) -> ConnectivityResult<Vec<NewParticipant>> {
    const ANY: PageOf = PageOf { number: 1, size: 1 };
    let asked = stream::iter(newcomers).map(async |newcomer| {
        let found = services.sims.participations(newcomer.sim, Some(campaign), ANY).await?;
        Ok::<_, ConnectivityError>((found.total == 0).then_some(newcomer))
    });
    let answers: Vec<Option<NewParticipant>> = asked.buffered(ASKED_AT_ONCE).try_collect().await?;
    Ok(answers.into_iter().flatten().collect())
}
