//! Several changes in one transaction, all or none.

use super::{attempts, campaigns, clients, contacts, numbers};
use crate::calls::Deltas;
use crate::sqlite::catalog::insert_reply;
use crate::sqlite::error::{self, Fault, is_duplicate, judged};
use muster_app::ports::{CallRefusal, CallWrite};
use rusqlite::{Connection, params};
use std::collections::BTreeMap;

/// Why a write stopped.
pub(super) type Stop = error::Stop<CallRefusal>;

/// The refusal of something that changed, or is gone.
pub(super) fn stale(what: &'static str) -> Stop {
    Stop::Refused(CallRefusal::Stale { what })
}

/// The refusal of a unique value that is another's.
pub(super) fn taken(error: rusqlite::Error, what: &'static str, value: &str) -> Stop {
    if is_duplicate(&error) {
        Stop::Refused(CallRefusal::Duplicate { what, value: value.to_owned() })
    } else {
        error.into()
    }
}

/// What the changes of one transaction share: each campaign is asked for once, and each count is moved once.
#[derive(Default)]
pub(super) struct Batch {
    live: BTreeMap<i64, bool>,
    pub(super) deltas: Deltas,
}

impl Batch {
    /// Whether a campaign is there.
    pub(super) fn is_live(&mut self, connection: &Connection, campaign: i64) -> Result<bool, Fault> {
        if let Some(live) = self.live.get(&campaign) {
            return Ok(*live);
        }
        let live = campaigns::is_live(connection, campaign)?;
        self.live.insert(campaign, live);
        Ok(live)
    }

    /// Moves the counts.
    pub(super) fn flush(&mut self, connection: &Connection) -> Result<(), Fault> {
        for (campaign, kind, key, by) in self.deltas.take() {
            connection
                .prepare_cached(
                    "INSERT INTO call_count (campaign, kind, key, n) VALUES (?1, ?2, ?3, ?4)
                     ON CONFLICT (campaign, kind, key) DO UPDATE SET n = n + ?4",
                )?
                .execute(params![campaign, kind.number(), key, by])?;
        }
        Ok(())
    }
}

/// Applies all changes. A refusal leaves some behind: the caller has a savepoint around it.
pub(super) fn apply_all(
    connection: &Connection,
    writes: &[CallWrite],
) -> Result<Result<(), CallRefusal>, Fault> {
    let mut batch = Batch::default();
    let outcome = judged(writes.iter().try_for_each(|write| apply(connection, &mut batch, write)))?;
    if outcome.is_ok() {
        batch.flush(connection)?;
    }
    Ok(outcome)
}

fn apply(connection: &Connection, batch: &mut Batch, write: &CallWrite) -> Result<(), Stop> {
    match write {
        CallWrite::Client { client, expected } => clients::write_client(connection, client, *expected),
        CallWrite::Agent(agent) => clients::write_agent(connection, agent),
        CallWrite::RemoveAgent { client, uid } => clients::remove_agent(connection, *client, uid),
        CallWrite::Document { client, kind, name, body } => {
            clients::write_document(connection, *client, *kind, name, body.as_ref())
        }
        CallWrite::Prompt { client, name, samples } => {
            clients::write_prompt(connection, *client, name, samples.as_deref())
        }
        CallWrite::Campaign { campaign, expected } => {
            batch.live.remove(&campaign.id.0);
            campaigns::write_campaign(connection, campaign, *expected)
        }
        CallWrite::DeleteCampaign { id, version } => {
            batch.live.remove(&id.0);
            campaigns::delete_campaign(connection, *id, *version)
        }
        CallWrite::ResultCode(code) => campaigns::write_result_code(connection, batch, code),
        CallWrite::RemoveResultCode { campaign, id } => {
            // What came before in this transaction may have been the last to use it, or the first.
            batch.flush(connection)?;
            campaigns::remove_result_code(connection, *campaign, *id)
        }
        CallWrite::Contact { contact, version, now } => {
            contacts::write(connection, batch, contact, *version, *now)
        }
        CallWrite::RemoveContact { id, version } => contacts::remove(connection, batch, *id, *version),
        CallWrite::Call(call) => attempts::write(connection, batch, call),
        CallWrite::Number { record, version } => numbers::write(connection, record, *version),
        CallWrite::Ledger { campaign, add } => campaigns::add_to_ledger(connection, batch, *campaign, *add),
        CallWrite::Owned { campaign, fence } => campaigns::check_owned(connection, *campaign, *fence),
        CallWrite::Active(campaign) => campaigns::check_active(connection, *campaign),
        CallWrite::Reply(reply) => insert_reply(connection, reply).map_err(|error| {
            if is_duplicate(&error) { Stop::Refused(CallRefusal::ReplyExists) } else { error.into() }
        }),
    }
}
