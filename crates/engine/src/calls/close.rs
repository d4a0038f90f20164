//! What came of a call, made the contact's and the number's, and stored.

use super::Shared;
use super::loaded::{Loaded, day_of};
use muster_app::ports::{CallRefusal, CallWrite, StoreError, StoreResult, Versioned};
use muster_domain::calls::call::{Call, CallOutcome, LedgerDay};
use muster_domain::calls::client::NumberRecord;
use muster_domain::calls::contact::{Aftermath, Contact, Lease};
use muster_domain::calls::result_code::ResultKind;
use muster_domain::ids::ContactId;
use muster_domain::time::UnixMillis;
use std::time::Duration;

/// How often a change is tried again that somebody else overtook.
const TRIES: u32 = 10;
/// Pause before a store that failed is asked again.
const FAULT_PAUSE: Duration = Duration::from_millis(500);
/// Seconds that a contact whose result is awaited is left alone beyond the time for writing up.
const WRAP_GRACE_S: i64 = 60;

/// A call that is over, with what the board saw of it.
#[derive(Debug, Clone)]
pub(super) struct Over {
    pub(super) call: Call,
    /// The result that the script recorded, by export key.
    pub(super) result: Option<String>,
    /// Whoever was called asked not to be called again.
    pub(super) suppress: bool,
    /// Nothing was sent: it counts nowhere.
    pub(super) unsent: bool,
    /// Whether the caller's share of abandoned calls has it.
    pub(super) counts: bool,
}

/// What became of the contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Closed {
    /// The agent's result is awaited.
    AwaitsResult,
    /// Everything is recorded.
    Done,
}

impl Shared {
    /// Stores the end of a call. Comes back only when it is stored: a store that is away is waited for.
    pub(super) async fn close(&self, loaded: &Loaded, over: &Over) -> Closed {
        loop {
            match self.try_close(loaded, over).await {
                Ok(closed) => return closed,
                Err(error) => {
                    tracing::warn!(%error, call = %over.call.id, "the end of a call could not be stored; trying again");
                    tokio::time::sleep(FAULT_PAUSE).await;
                }
            }
        }
    }

    async fn try_close(&self, loaded: &Loaded, over: &Over) -> StoreResult<Closed> {
        let store = &self.services.calls;
        let random = self.random();
        for _ in 0..TRIES {
            let now = self.services.clock.now();
            let mut call = over.call.clone();
            let mut writes = Vec::with_capacity(4);
            let mut closed = Closed::Done;
            if let Some(found) = store.contact(call.contact).await? {
                let mut contact = found.value;
                let aftermath = contact.call_ended(&call, &loaded.rules(), now, random);
                apply(loaded, over, &mut contact, aftermath, now);
                if aftermath == Aftermath::AwaitsResult && contact.is_in_hand() {
                    closed = Closed::AwaitsResult;
                    let wrap = i64::from(loaded.campaign.dialling.wrap_s) + WRAP_GRACE_S;
                    contact.lease = Some(Lease { agent: call.agent.clone(), until: now.plus_seconds(wrap) });
                }
                // Also where the agent recorded the result while the call lasted.
                let recorded_meanwhile =
                    aftermath == Aftermath::Unchanged && contact.updated_at >= call.started_at;
                if closed == Closed::Done && (aftermath != Aftermath::Unchanged || recorded_meanwhile) {
                    call.result_code = contact.result_code;
                }
                if aftermath != Aftermath::Unchanged || over.suppress {
                    writes.push(CallWrite::Contact {
                        contact: Box::new(contact),
                        version: found.version,
                        now,
                    });
                }
                writes.push(CallWrite::Call(Box::new(call.clone())));
            }
            if let Some(number) = self.number_after(loaded, over, now).await? {
                writes.push(number);
            }
            if let Some(add) = ledger_of(loaded, over) {
                writes.push(CallWrite::Ledger { campaign: call.campaign, add });
            }
            match store.commit(writes).await {
                Ok(()) => return Ok(closed),
                Err(CallRefusal::Store(error)) => return Err(error),
                Err(CallRefusal::Stale { .. }) => {}
                Err(refusal) => {
                    tracing::info!(%refusal, call = %call.id, "a call outlived its campaign");
                    return Ok(Closed::Done);
                }
            }
        }
        Err(StoreError::Internal(format!("contact {} kept changing", over.call.contact)))
    }

    async fn number_after(
        &self,
        loaded: &Loaded,
        over: &Over,
        now: UnixMillis,
    ) -> StoreResult<Option<CallWrite>> {
        let call = &over.call;
        let known = self.services.calls.numbers(loaded.client.id, std::slice::from_ref(&call.number)).await?;
        let Some(Some(Versioned { value, version })) = known.into_iter().next() else { return Ok(None) };
        let mut record: NumberRecord = value;
        if over.unsent {
            record.take_back(call.id);
        } else {
            record.end(call.id);
        }
        match call.outcome {
            Some(CallOutcome::Answered) => record.last_conversation = Some(now),
            Some(CallOutcome::Abandoned | CallOutcome::LateAnswer) => record.last_abandon = Some(now),
            Some(CallOutcome::Machine) => record.last_machine = Some(now),
            Some(CallOutcome::Rejected) => record.last_refusal = Some(now),
            Some(CallOutcome::Unwanted) => {
                record.last_refusal = Some(now);
                record.suppressed = Some("declined for good when it was called".to_owned());
            }
            _ => {}
        }
        if over.suppress {
            record.last_refusal = Some(now);
            record.suppressed = Some("opted out by a key when it was called".to_owned());
        }
        Ok(Some(CallWrite::Number { record: Box::new(record), version }))
    }

    /// Gives back a contact that an agent had in hand and that is not called now.
    pub(super) async fn release(&self, contact: ContactId) {
        let now = self.services.clock.now();
        let given_back = async {
            let Some(found) = self.services.calls.contact(contact).await? else { return Ok(()) };
            let mut contact: Contact = found.value;
            if contact.open_call.is_some() || !contact.is_in_hand() {
                return Ok(());
            }
            contact.give_back(None, now);
            let write = CallWrite::Contact { contact: Box::new(contact), version: found.version, now };
            self.services.calls.commit(vec![write]).await
        };
        if let Err(error) = given_back.await {
            // Its lease runs out, and then it is found.
            tracing::info!(%error, %contact, "a contact that was shown could not be given back at once");
        }
    }

    /// The time for writing up is over: the code that stands for that, or called again. Nothing changes where the
    /// result was recorded meanwhile.
    pub(super) async fn miss_result(&self, loaded: &Loaded, contact: ContactId) -> StoreResult<()> {
        for _ in 0..TRIES {
            let now = self.services.clock.now();
            let Some(found) = self.services.calls.contact(contact).await? else { return Ok(()) };
            let mut contact: Contact = found.value;
            if contact.status != muster_domain::participant::ParticipantStatus::Wait {
                return Ok(());
            }
            let code = loaded.campaign.dialling.wrap_result.as_deref().and_then(|key| loaded.code_of(key));
            let agent = contact.last_agent.clone();
            let recorded = code.is_some_and(|code| contact.record(code, None, agent.as_deref(), now).is_ok());
            if !recorded && contact.result_missed(&loaded.rules(), now) == Aftermath::TriesUsedUp {
                contact.close_with(loaded.code_for(CallOutcome::Answered), false, now);
            }
            let write = CallWrite::Contact { contact: Box::new(contact), version: found.version, now };
            match self.services.calls.commit(vec![write]).await {
                Err(CallRefusal::Store(error)) => return Err(error),
                Err(CallRefusal::Stale { .. }) => {}
                _ => return Ok(()),
            }
        }
        Ok(())
    }
}

/// What the script, a key, or the campaign's table adds to what the machine made of the contact.
fn apply(loaded: &Loaded, over: &Over, contact: &mut Contact, aftermath: Aftermath, now: UnixMillis) {
    let outcome = over.call.outcome.unwrap_or(CallOutcome::Unknown);
    if aftermath == Aftermath::Unchanged {
        if over.suppress && contact.is_open() {
            contact.drop_number(over.call.index, now);
        }
        return;
    }
    let recorded = over.result.as_deref().and_then(|key| loaded.code_of(key));
    if let Some(code) = recorded.filter(|code| code.kind != ResultKind::Appointment) {
        // A delay that is bound to an agent has none here; then it is bound to nobody.
        let mut code = code.clone();
        code.agent_bound = code.agent_bound.map(|_| false);
        if contact.record(&code, None, None, now).is_ok() {
            return;
        }
    }
    match aftermath {
        Aftermath::Heard => contact.close_with(loaded.code_for(outcome), true, now),
        Aftermath::TriesUsedUp => contact.close_with(loaded.code_for(outcome), false, now),
        Aftermath::NoNumber => {
            contact.close_with(loaded.code(loaded.campaign.no_number_code), false, now);
        }
        Aftermath::Again | Aftermath::AwaitsResult | Aftermath::Unchanged => {}
    }
    if over.suppress
        && !contact.status.is_terminal()
        && contact.drop_number(over.call.index, now) == Aftermath::NoNumber
    {
        contact.close_with(loaded.code(loaded.campaign.no_number_code), false, now);
    }
}

/// What a call adds to the ledger.
pub(super) fn ledger_of(loaded: &Loaded, over: &Over) -> Option<LedgerDay> {
    let outcome = over.call.outcome?;
    if !over.counts || !outcome.is_live_answer() {
        return None;
    }
    let at = over.call.answered_at.unwrap_or(over.call.started_at);
    Some(LedgerDay { day: day_of(at, &loaded.zone), live: 1, abandoned: u64::from(outcome.is_abandoned()) })
}

/// Closes the calls that the node before left open. Whoever had answered and was not connected counts as left without
/// an agent: nobody can say otherwise.
pub(super) async fn left_open(shared: &Shared, loaded: &Loaded) -> StoreResult<()> {
    let now = shared.services.clock.now();
    let calls = shared.services.calls.open_calls(loaded.id()).await?;
    if !calls.is_empty() {
        tracing::warn!(campaign = %loaded.id(), calls = calls.len(), "closing calls that a node left open");
    }
    for mut call in calls {
        let abandoned = call.answered_at.is_some()
            && call.connected_at.is_none()
            && loaded.work() != super::loaded::Work::Agentless;
        let outcome = if abandoned { CallOutcome::Abandoned } else { CallOutcome::Unknown };
        call.outcome = Some(outcome);
        call.ended_at = Some(now);
        "the server that placed it ended".clone_into(&mut call.reason);
        let over = Over { call, result: None, suppress: false, unsent: false, counts: abandoned };
        shared.try_close(loaded, &over).await?;
    }
    Ok(())
}
