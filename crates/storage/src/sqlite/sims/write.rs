//! The changes that come from outside the engine: several in one transaction, all or none.

use super::{accounts, campaigns, cards, offers, participants};
use crate::encoding::counter_to_column;
use crate::sqlite::catalog::insert_reply;
use crate::sqlite::error::{self, Fault, is_duplicate, judged};
use muster_app::ports::{Expected, SimRefusal, SimWrite};
use rusqlite::Connection;

/// Why a write stopped.
pub(super) type Stop = error::Stop<SimRefusal>;

/// The refusal of something that changed, or is gone.
pub(super) fn stale(what: &'static str) -> Stop {
    Stop::Refused(SimRefusal::Stale { what })
}

/// Whether the version found is as expected.
pub(super) fn check_expected(found: Option<i64>, expected: Expected, what: &'static str) -> Result<(), Stop> {
    let holds = match expected {
        Expected::Any => true,
        Expected::Absent => found.is_none(),
        Expected::Version(version) => found == Some(counter_to_column(version)),
    };
    if holds { Ok(()) } else { Err(stale(what)) }
}

/// How many rows a change is about, as far as it matters for sharing a transaction.
pub(super) fn weight(write: &SimWrite) -> usize {
    match write {
        SimWrite::LoadSims(sims) => sims.len(),
        SimWrite::Enrol { participants, .. } => participants.len(),
        _ => 1,
    }
}

/// Applies all changes. A refusal leaves some behind: the caller has a savepoint around it.
pub(super) fn apply_all(
    connection: &Connection,
    writes: &[SimWrite],
) -> Result<Result<(), SimRefusal>, Fault> {
    judged(writes.iter().try_for_each(|write| apply(connection, write)))
}

fn apply(connection: &Connection, write: &SimWrite) -> Result<(), Stop> {
    match write {
        SimWrite::Account { account, expected } => accounts::write_account(connection, account, *expected),
        SimWrite::User(user) => accounts::write_user(connection, user),
        SimWrite::Token(token) => accounts::write_token(connection, token),
        SimWrite::Request(request) => accounts::write_request(connection, request),
        SimWrite::LoadSims(sims) => cards::load(connection, sims),
        SimWrite::Sim { sim, version } => cards::replace(connection, sim, *version),
        SimWrite::KeySet(set) => cards::write_key_set(connection, set),
        SimWrite::Profile { organization, profile } => {
            cards::write_profile(connection, *organization, profile)
        }
        SimWrite::Template(template) => campaigns::write_template(connection, template),
        SimWrite::Tariff(tariff) => offers::write_tariff(connection, tariff),
        SimWrite::Package { package, expected } => offers::write_package(connection, package, *expected),
        SimWrite::Campaign { campaign, expected } => {
            campaigns::write_campaign(connection, campaign, *expected)
        }
        SimWrite::Connect { campaign, account } => campaigns::connect(connection, *campaign, *account),
        SimWrite::Enrol { campaign, participants } => {
            participants::enrol(connection, *campaign, participants)
        }
        SimWrite::Reply(reply) => insert_reply(connection, reply).map_err(|error| {
            if is_duplicate(&error) { Stop::Refused(SimRefusal::ReplyExists) } else { error.into() }
        }),
    }
}
