//! Small values with good defaults, and a store with a campaign that runs.

use crate::fixtures::{ORG, T0};
use crate::harness::Harness;
use muster_app::ports::{
    Claim, Expected, HoldWrite, KeySetWrite, LoadedParticipant, NewParticipant, PageOf, ParticipantWrite,
    SimRefusal, SimStore, SimWrite, StepRefusal,
};
use muster_domain::account::{Account, AccountKind, AccountStatus};
use muster_domain::ids::{AccountId, SimCampaignId, SimNumber, TemplateId};
use muster_domain::participant::{
    Attempt, NextSend, Outcome, Packet, Participant, ParticipantStatus, Phase, Purpose, Segment, Work,
};
use muster_domain::sim::{
    CardFlags, CipherAlgorithm, ImsiMsisdn, KeySet, PorRequest, SealedKey, Sim, SimName, SimStatus,
};
use muster_domain::sim_campaign::{Plan, Runtime, SimCampaign, SimCampaignStatus, WaveCounts};
use muster_domain::time::{UnixMillis, Window};
use serde_json::json;
use std::sync::Arc;
use uuid::Uuid;

/// The GUID numbered `n`, for ids of this side.
pub(crate) fn guid(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

/// The account numbered `n`.
pub(crate) fn account_id(n: u128) -> AccountId {
    AccountId(guid(n))
}

/// An account without one above it.
pub(crate) fn account(n: u128) -> Account {
    Account {
        id: account_id(n),
        organization: ORG,
        parent: None,
        name: format!("account {n}"),
        status: AccountStatus::Active,
        kind: AccountKind::Business,
        currency: "EUR".to_owned(),
        allow_offer_delegation: true,
        is_allowed_imei_lock: false,
        is_imei_lock_enabled: false,
        details: json!({"companyNumber": "12", "address": {"city": "Київ"}}).as_object().cloned().unwrap(),
        created_at: T0,
    }
}

/// A write that makes an account.
pub(crate) fn make_account(account: Account) -> SimWrite {
    SimWrite::Account { account: Box::new(account), expected: Expected::Absent }
}

/// The digits of `n` behind a prefix, 19 in all.
pub(crate) fn iccid(n: u64) -> String {
    format!("8935771{n:012}")
}

/// The phone number of card `n`.
pub(crate) fn msisdn(n: u64) -> String {
    format!("4915{n:09}")
}

/// Card `n` of an account, with an IMSI and a number of its own.
pub(crate) fn sim(n: u64, account: u128) -> Sim {
    Sim {
        number: SimNumber(0),
        id: guid(u128::from(n) << 32),
        organization: ORG,
        account: account_id(account),
        iccid: iccid(n).parse().unwrap(),
        imsi_msisdn_pairs: vec![ImsiMsisdn {
            imsi: format!("26201{n:010}"),
            msisdn: Some(msisdn(n)),
            is_last_active: true,
        }],
        imei: None,
        imeisv: None,
        status: SimStatus::Active,
        alias: Some("pump".to_owned()),
        labels: vec!["field".to_owned(), "Ä".to_owned()],
        package: None,
        profile: "default".to_owned(),
        time_zone: Some("Europe/Berlin".to_owned()),
        created_at: T0,
    }
}

/// A key set.
pub(crate) fn key_set(sim: SimNumber, kvn: u8, next_counter: u64) -> KeySet {
    KeySet {
        sim,
        kvn,
        kic_algorithm: CipherAlgorithm::Aes,
        kic: SealedKey((0..44).map(|n| n * 5).collect()),
        kid_algorithm: CipherAlgorithm::TripleDes2,
        kid: SealedKey(vec![kvn; 44]),
        next_counter,
        holder: None,
        flags: CardFlags::default(),
    }
}

/// A campaign in a status.
pub(crate) fn sim_campaign(id: i64, account: u128, status: SimCampaignStatus) -> SimCampaign {
    SimCampaign {
        id: SimCampaignId(id),
        organization: ORG,
        account: account_id(account),
        name: format!("campaign {id}"),
        description: String::new(),
        template: TemplateId(1),
        status,
        reason: String::new(),
        created_at: T0,
        status_changed_at: T0,
        window: Window { starts_at: T0, ends_at: T0.plus_seconds(86_400) },
        max_retries: 3,
        plan: Plan::default(),
        runtime: Runtime { limits: vec![10, 20], wave: 1, baseline: vec![WaveCounts::default()] },
    }
}

/// A write that makes a campaign.
pub(crate) fn make_campaign(id: i64, account: u128, status: SimCampaignStatus) -> SimWrite {
    SimWrite::Campaign { campaign: Box::new(sim_campaign(id, account, status)), expected: Expected::Absent }
}

/// Card `n`, newly enrolled.
pub(crate) fn newcomer(sim: &Sim) -> NewParticipant {
    NewParticipant {
        id: None,
        sim: sim.number,
        iccid: sim.iccid.clone(),
        status: ParticipantStatus::Pending,
        attempt: 0,
        code: String::new(),
        message: String::new(),
        updated_at: T0,
    }
}

/// A page.
pub(crate) const fn page(number: u64, size: u32) -> PageOf {
    PageOf { number, size }
}

/// The instant so many seconds after [`T0`].
pub(crate) fn at(seconds: i64) -> UnixMillis {
    T0.plus_seconds(seconds)
}

/// A packet with something in every member.
pub(crate) fn packet(counter: u64) -> Packet {
    Packet {
        purpose: Purpose::ReadBack,
        step: 2,
        kvn: 1,
        counter,
        tar: [0xB0, 0, 1],
        segments: vec![
            Segment { user_data: (0..140).collect(), message_id: Some("0A1b".to_owned()), delivered: true },
            Segment { user_data: vec![0xFF; 20], message_id: None, delivered: false },
        ],
        route: "north".to_owned(),
        sends: 2,
        replay_safe: true,
        idempotent: false,
        sticky: true,
        por: PorRequest::OnError,
    }
}

/// An attempt with something in every member.
pub(crate) fn attempt(number: u32) -> Attempt {
    Attempt {
        number,
        started_at: T0,
        ended_at: Some(at(5)),
        outcome: Some(Outcome::CardError),
        counter: 0xFF_FFFF_FFFE,
        kvn: 15,
        tar: [1, 2, 3],
        segments: 5,
        route: "north".to_owned(),
        por_status: Some(0x0A),
        sw: Some(0x9862),
        failed_command: Some(3),
        authenticated: true,
        reason: "the card said \"no\"".to_owned(),
        late_answer: true,
    }
}

/// Work with something in every member.
pub(crate) fn work() -> Work {
    Work {
        step: 2,
        next: NextSend::ReadBack,
        packet: Some(packet(77)),
        phase: Phase::Busy,
        prolonged: true,
        busy: 1,
        put_off: 3,
        raised: true,
        may_have_run: true,
    }
}

/// A change of a loaded participant that asks for nothing beside it.
pub(crate) fn change(loaded: &LoadedParticipant, edit: impl FnOnce(&mut Participant)) -> ParticipantWrite {
    let mut participant = loaded.participant.clone();
    edit(&mut participant);
    ParticipantWrite {
        participant,
        revision: loaded.revision,
        from: loaded.participant.status,
        wave: 0,
        counts: WaveCounts::default(),
        key_set: None,
        while_running: false,
        now: T0,
    }
}

/// What a change asks of key set 1.
pub(crate) fn keys(take_counter: Option<u64>, hold: HoldWrite) -> KeySetWrite {
    KeySetWrite { kvn: 1, take_counter, raise_by: 0, hold, flags: CardFlags::default() }
}

/// The change by which a packet is reserved: the card, its counter, and the way to `Progress`.
pub(crate) fn reserve(loaded: &LoadedParticipant, counter: u64) -> ParticipantWrite {
    ParticipantWrite {
        key_set: Some(keys(Some(counter), HoldWrite::Take)),
        while_running: true,
        ..change(loaded, |participant| {
            participant.status = ParticipantStatus::Progress;
            participant.attempt += 1;
            participant.timer_at = Some(at(60));
        })
    }
}

/// The change by which a participant ends and gives its card back.
pub(crate) fn complete(loaded: &LoadedParticipant, now: UnixMillis) -> ParticipantWrite {
    ParticipantWrite {
        key_set: Some(keys(None, HoldWrite::Release)),
        now,
        ..change(loaded, |participant| {
            participant.status = ParticipantStatus::Completed;
            "200".clone_into(&mut participant.code);
            participant.updated_at = now;
            participant.timer_at = None;
        })
    }
}

/// A store of this side.
pub(crate) struct World {
    pub(crate) harness: Harness,
    pub(crate) sims: Arc<dyn SimStore>,
}

impl World {
    /// With account 1.
    pub(crate) async fn new(harness: Harness) -> Self {
        let sims = harness.store.sims();
        let world = Self { harness, sims };
        world.write(make_account(account(1))).await;
        world
    }

    /// With cards 0 to `cards` of account 1, each with key set 1 at counter 1, all enrolled in campaign 1, which runs.
    pub(crate) async fn running(harness: Harness, cards: u64) -> Self {
        let world = Self::new(harness).await;
        world.load(0..cards, 1).await;
        world.campaign(1, 0..cards).await;
        world
    }

    /// Makes a campaign that runs and enrols cards in it.
    pub(crate) async fn campaign(&self, id: i64, cards: std::ops::Range<u64>) {
        self.write(make_campaign(id, 1, SimCampaignStatus::Process)).await;
        let participants = self.cards(cards).await.iter().map(newcomer).collect();
        self.write(SimWrite::Enrol { campaign: SimCampaignId(id), participants }).await;
    }

    /// Applies a change that must be accepted.
    pub(crate) async fn write(&self, write: SimWrite) {
        self.sims.write_sims(vec![write]).await.expect("the change is accepted");
    }

    /// The refusal of changes that must be refused.
    pub(crate) async fn refused(&self, writes: Vec<SimWrite>) -> SimRefusal {
        self.sims.write_sims(writes).await.expect_err("the change is refused")
    }

    /// Loads cards, each with one key set.
    pub(crate) async fn load(&self, cards: std::ops::Range<u64>, account: u128) {
        let loads = cards.map(|n| (sim(n, account), vec![key_set(SimNumber(0), 1, 1)])).collect();
        self.write(SimWrite::LoadSims(loads)).await;
    }

    /// The cards of these numbers, as stored.
    pub(crate) async fn cards(&self, cards: std::ops::Range<u64>) -> Vec<Sim> {
        let names: Vec<_> = cards.map(|n| SimName::Iccid(iccid(n))).collect();
        let found = self.sims.sims_by_names(&names).await.unwrap();
        found.into_iter().map(|sim| sim.expect("the card was loaded").value).collect()
    }

    /// Moves a campaign to a status.
    pub(crate) async fn set_status(&self, id: i64, status: SimCampaignStatus) {
        let stored = self.sims.sim_campaign(SimCampaignId(id)).await.unwrap().unwrap();
        self.write(SimWrite::Campaign {
            campaign: Box::new(SimCampaign { status, ..stored.value }),
            expected: Expected::Version(stored.version),
        })
        .await;
    }

    /// Claims so many of a campaign, at [`T0`], for a minute.
    pub(crate) async fn claim(&self, campaign: i64, limit: u32) -> Vec<LoadedParticipant> {
        self.sims.claim_participants(claim(campaign, limit)).await.unwrap()
    }

    /// One participant.
    pub(crate) async fn load_one(&self, campaign: i64, ordinal: u64) -> LoadedParticipant {
        let keys = [(SimCampaignId(campaign), ordinal)];
        self.sims.load_participants(&keys).await.unwrap().remove(0).expect("it was enrolled")
    }

    /// Commits one change.
    pub(crate) async fn commit(&self, write: ParticipantWrite) -> Result<(), StepRefusal> {
        let mut results = self.sims.commit_participants(vec![write]).await;
        assert_eq!(results.len(), 1);
        results.remove(0)
    }

    /// Commits changes that must all be accepted.
    pub(crate) async fn done(&self, writes: Vec<ParticipantWrite>) {
        for (index, result) in self.sims.commit_participants(writes).await.into_iter().enumerate() {
            result.unwrap_or_else(|refusal| panic!("change {index}: {refusal}"));
        }
    }
}

/// A claim at [`T0`] for a minute.
pub(crate) fn claim(campaign: i64, limit: u32) -> Claim {
    Claim { campaign: SimCampaignId(campaign), below: None, now: T0, lease_until: at(60), limit, pace: None }
}

/// The ordinals of participants.
pub(crate) fn ordinals(loaded: &[LoadedParticipant]) -> Vec<u64> {
    loaded.iter().map(|loaded| loaded.participant.ordinal).collect()
}
