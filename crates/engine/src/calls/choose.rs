//! From a due contact to a call that is stored and may be placed.

use super::Shared;
use super::gate::Permit;
use super::line::Begun;
use super::loaded::Loaded;
use futures_util::future::join_all;
use muster_app::ports::{CallRefusal, CallSequence, CallWrite, StoreResult, Versioned};
use muster_domain::calls::call::{Call, CallOutcome};
use muster_domain::calls::client::NumberRecord;
use muster_domain::calls::contact::{Aftermath, Contact};
use muster_domain::calls::selection::{Asked, OpenNumbers, Probe, StepProbes, ten_steps};
use muster_domain::ids::{CallId, ContactId};
use muster_domain::time::UnixMillis;
use std::sync::Arc;

/// Contacts looked at beyond those that are wanted, since rules may put some of them off.
const SPARE: u32 = 8;
/// Calls that are begun at the same time.
const AT_ONCE: usize = 32;
/// Contacts that pass from waiting to ready at a time.
const PROMOTED: u32 = 1000;
/// Numbers of calls taken from the store at a time.
const IDS: u32 = 64;
/// How long a call may last at most before the contact is looked at as left behind; only a backstop, since whoever
/// takes a campaign over closes its calls.
const CALL_MAX_S: i64 = 24 * 3600;
/// Seconds that a contact is an agent's beyond the time for which it is shown.
const PREVIEW_GRACE_S: i64 = 60;
/// Seconds after which a number with a call of another campaign is looked at again.
const NUMBER_BUSY_S: i64 = 60;

/// What became of asking for contacts.
pub(super) struct Chosen {
    /// Calls that are stored and wait to be placed.
    pub(super) begun: Vec<Begun>,
    /// Whether the list had no more that may be called now.
    pub(super) dry: bool,
}

/// What became of one contact.
pub(super) enum Tried {
    /// Its call is stored.
    Begun(Box<Begun>),
    /// It may not be called now.
    PutOff(String),
    /// Somebody else was faster.
    Gone,
    /// The campaign is not active, or not ours, any more.
    Closed,
}

/// What became of asking on behalf of an agent.
pub(super) enum ForAgent {
    /// The contact is shown; it is called when it has been seen.
    Shown(ContactId),
    /// Its call is stored.
    Begun(Box<Begun>),
    /// It may not be called now.
    PutOff(String),
    /// Nobody is due.
    Nobody,
}

fn steps(loaded: &Loaded, agent: Option<&str>, now: UnixMillis) -> Vec<StepProbes> {
    let open = OpenNumbers::of(&loaded.campaign, &loaded.zone, now);
    ten_steps(agent, &[Asked { campaign: loaded.id(), open }], now)
}

impl Shared {
    /// Begins up to `want` calls of contacts that are bound to nobody.
    pub(super) async fn choose(&self, loaded: &Arc<Loaded>, want: u32) -> StoreResult<Chosen> {
        let now = self.services.clock.now();
        self.services.calls.promote(loaded.id(), now, PROMOTED).await?;
        let mut begun = Vec::new();
        let mut dry = true;
        for step in steps(loaded, None, now) {
            for probe in step.probes {
                let left = want - begun.len() as u32;
                let found = self.services.calls.probe(&probe, left + SPARE).await?;
                dry &= (found.len() as u32) < left + SPARE;
                let mut found = found.into_iter();
                loop {
                    let room = (want as usize - begun.len()).min(AT_ONCE);
                    let few: Vec<_> = found.by_ref().take(room).collect();
                    if few.is_empty() {
                        break;
                    }
                    // Together, so that they share the store's commits.
                    let tried =
                        join_all(few.into_iter().map(|contact| self.begin(loaded, contact, None, &probe)));
                    let mut closed = false;
                    let mut failed = None;
                    for tried in tried.await {
                        match tried {
                            Ok(Tried::Begun(call)) => begun.push(*call),
                            Ok(Tried::PutOff(_) | Tried::Gone) => {}
                            Ok(Tried::Closed) => closed = true,
                            Err(error) => failed = Some(error),
                        }
                    }
                    if let Some(error) = failed {
                        // What was begun has to be placed all the same.
                        if begun.is_empty() {
                            return Err(error);
                        }
                        tracing::warn!(%error, "not all contacts that were wanted could be chosen");
                        return Ok(Chosen { begun, dry: false });
                    }
                    if closed {
                        return Ok(Chosen { begun, dry: true });
                    }
                    if begun.len() as u32 >= want {
                        return Ok(Chosen { begun, dry: false });
                    }
                }
            }
        }
        Ok(Chosen { begun, dry })
    }

    /// The next contact for an agent: one that is bound to nobody else. With `shown` it is only taken in hand.
    /// `only_bound` leaves out those that are bound to nobody.
    pub(super) async fn choose_for(
        &self,
        loaded: &Arc<Loaded>,
        agent: &str,
        shown: bool,
        only_bound: bool,
    ) -> StoreResult<ForAgent> {
        let now = self.services.clock.now();
        self.services.calls.promote(loaded.id(), now, PROMOTED).await?;
        for step in steps(loaded, Some(agent), now) {
            if only_bound && step.step % 2 == 0 {
                continue;
            }
            for probe in step.probes {
                for contact in self.services.calls.probe(&probe, SPARE).await? {
                    let tried = if shown {
                        self.show(loaded, contact, agent).await?
                    } else {
                        match self.begin(loaded, contact, Some(agent), &probe).await? {
                            Tried::Begun(call) => ForAgent::Begun(call),
                            Tried::Closed => return Ok(ForAgent::Nobody),
                            Tried::PutOff(_) | Tried::Gone => ForAgent::Nobody,
                        }
                    };
                    if !matches!(tried, ForAgent::Nobody) {
                        return Ok(tried);
                    }
                }
            }
        }
        Ok(ForAgent::Nobody)
    }

    /// Takes a contact in hand for an agent, if the rules would let it be called now.
    async fn show(&self, loaded: &Loaded, found: Versioned<Contact>, agent: &str) -> StoreResult<ForAgent> {
        let now = self.services.clock.now();
        let (mut contact, version) = (found.value, found.version);
        let permit = self.permit(loaded, &contact, now, true).await?;
        if permit.mask == 0 {
            self.put_off(loaded, contact, version, &permit, now).await?;
            return Ok(ForAgent::Nobody);
        }
        let until = now.plus_seconds(i64::from(loaded.campaign.preview_s) + PREVIEW_GRACE_S);
        contact.take(Some(agent), until, now);
        let id = contact.id;
        let write = CallWrite::Contact { contact: Box::new(contact), version, now };
        match self.services.calls.commit(vec![CallWrite::Active(loaded.id()), write]).await {
            Ok(()) => Ok(ForAgent::Shown(id)),
            Err(CallRefusal::Store(error)) => Err(error),
            Err(_) => Ok(ForAgent::Nobody),
        }
    }

    /// Begins the call of a certain contact for an agent, who has it in hand or asks for it.
    pub(super) async fn begin_for(
        &self,
        loaded: &Arc<Loaded>,
        id: ContactId,
        agent: &str,
    ) -> StoreResult<ForAgent> {
        let Some(found) = self.services.calls.contact(id).await? else {
            return Ok(ForAgent::PutOff("there is no such contact".to_owned()));
        };
        let contact = &found.value;
        let refusal = if contact.campaign != loaded.id() {
            Some("it belongs to another campaign")
        } else if contact.open_call.is_some() {
            Some("it is in a call")
        } else if contact.locked {
            Some("it is locked")
        } else if contact.is_in_hand() {
            let holder = contact.lease.as_ref().and_then(|lease| lease.agent.as_deref());
            (holder != Some(agent)).then_some("somebody else has it in hand")
        } else {
            (!contact.is_open()).then_some("it is closed")
        };
        if let Some(refusal) = refusal {
            return Ok(ForAgent::PutOff(refusal.to_owned()));
        }
        let now = self.services.clock.now();
        let numbers = OpenNumbers::of(&loaded.campaign, &loaded.zone, now).mask();
        let probe = Probe {
            campaign: loaded.id(),
            queue: muster_domain::calls::selection::Queue::Ready,
            bound: muster_domain::calls::selection::BoundTo::Anybody,
            numbers,
            now,
        };
        Ok(match self.begin(loaded, found, Some(agent), &probe).await? {
            Tried::Begun(call) => ForAgent::Begun(call),
            Tried::PutOff(reason) => ForAgent::PutOff(reason),
            Tried::Gone => ForAgent::PutOff("it was changed meanwhile".to_owned()),
            Tried::Closed => ForAgent::PutOff("the campaign is not active".to_owned()),
        })
    }

    /// Which of a contact's numbers may be called now.
    async fn permit(
        &self,
        loaded: &Loaded,
        contact: &Contact,
        now: UnixMillis,
        agent_guaranteed: bool,
    ) -> StoreResult<Permit> {
        let numbers: Vec<String> =
            contact.numbers.iter().filter_map(|number| number.number.clone()).collect();
        let records = self.services.calls.numbers(loaded.client.id, &numbers).await?;
        Ok(loaded.gate.permit(loaded, contact, &numbers, records, now, agent_guaranteed))
    }

    /// Checks, chooses a number, and stores call and contact, before anything leaves.
    async fn begin(
        &self,
        loaded: &Arc<Loaded>,
        found: Versioned<Contact>,
        agent: Option<&str>,
        probe: &Probe,
    ) -> StoreResult<Tried> {
        let now = self.services.clock.now();
        let (mut contact, version) = (found.value, found.version);
        let permit = self.permit(loaded, &contact, now, agent.is_some()).await?;
        let strategy = loaded.campaign.dialling.number_strategy;
        let Some(index) = contact.choose_number(permit.mask & probe.numbers, strategy) else {
            let reason = permit.reason.clone();
            self.put_off(loaded, contact, version, &permit, now).await?;
            return Ok(Tried::PutOff(reason));
        };
        let Some(number) = contact.number(index).and_then(|number| number.number.clone()) else {
            return Ok(Tried::Gone);
        };
        let id = self.call_id().await?;
        let (mut record, record_version) = permit
            .record(&number)
            .unwrap_or_else(|| (NumberRecord::new(loaded.client.id, number.clone()), 0));
        record.begin(id, now);
        let call = self.new_call(loaded, &contact, id, number, index, agent, now);
        contact.call_begins(&call, now.plus_seconds(CALL_MAX_S));
        let contact_id = contact.id;
        let writes = vec![
            CallWrite::Owned { campaign: loaded.id(), fence: loaded.fence },
            CallWrite::Active(loaded.id()),
            CallWrite::Contact { contact: Box::new(contact), version, now },
            CallWrite::Call(Box::new(call.clone())),
            CallWrite::Number { record: Box::new(record), version: record_version },
        ];
        Ok(match self.services.calls.commit(writes).await {
            Ok(()) => Tried::Begun(Box::new(Begun { call, contact: contact_id })),
            Err(CallRefusal::Store(error)) => return Err(error),
            Err(CallRefusal::NotOwner | CallRefusal::NotActive | CallRefusal::NoCampaign) => Tried::Closed,
            Err(_) => Tried::Gone,
        })
    }

    #[expect(clippy::too_many_arguments, reason = "all of them are the call's")]
    fn new_call(
        &self,
        loaded: &Loaded,
        contact: &Contact,
        id: CallId,
        number: String,
        index: u8,
        agent: Option<&str>,
        now: UnixMillis,
    ) -> Call {
        Call {
            id,
            uuid: self.services.entropy.uuid(),
            client: loaded.client.id,
            campaign: loaded.id(),
            contact: contact.id,
            number,
            index,
            agent: agent.map(str::to_owned),
            started_at: now,
            ringing_at: None,
            answered_at: None,
            connected_at: None,
            ended_at: None,
            outcome: None,
            cause: None,
            sip_status: None,
            result_code: None,
            digits: String::new(),
            reason: String::new(),
        }
    }

    /// The rules do not let a contact be called now: it waits until they may, and the refusal is recorded.
    async fn put_off(
        &self,
        loaded: &Loaded,
        mut contact: Contact,
        version: u64,
        permit: &Permit,
        now: UnixMillis,
    ) -> StoreResult<()> {
        let mut closed = Aftermath::Unchanged;
        for index in &permit.forbidden {
            closed = contact.drop_number(*index, now);
        }
        if closed == Aftermath::NoNumber || contact.usable() == 0 {
            contact.close_with(loaded.code(loaded.campaign.no_number_code), false, now);
        } else if permit.forbidden.is_empty() {
            let next = permit.next.unwrap_or_else(|| now.plus_seconds(NUMBER_BUSY_S));
            contact.wait_until(next.max(now.plus_seconds(1)), now);
        }
        let number = contact.numbers.iter().find_map(|number| number.number.clone()).unwrap_or_default();
        let mut refused = self.new_call(loaded, &contact, self.call_id().await?, number, 0, None, now);
        refused.outcome = Some(CallOutcome::Blocked);
        refused.ended_at = Some(now);
        refused.reason.clone_from(&permit.reason);
        super::meters::blocked(&permit.rule);
        let writes = vec![
            CallWrite::Contact { contact: Box::new(contact), version, now },
            CallWrite::Call(Box::new(refused)),
        ];
        match self.services.calls.commit(writes).await {
            Err(CallRefusal::Store(error)) => Err(error),
            // Somebody else was faster; then it is theirs.
            _ => Ok(()),
        }
    }

    /// A number for a call; they are taken from the store in lots.
    async fn call_id(&self) -> StoreResult<CallId> {
        if let Some(id) = self.call_ids.lock().pop_front() {
            return Ok(CallId(id));
        }
        let first = self.services.calls.take_ids(CallSequence::Call, IDS).await?;
        self.call_ids.lock().extend(first + 1..first + i64::from(IDS));
        Ok(CallId(first))
    }
}
