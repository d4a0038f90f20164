//! Changes of accounts, cards, offers and campaigns: all of a list in one transaction, or none.

mod accounts;
mod campaigns;
mod cards;
mod enrol;
mod packages;

use super::super::catalog::insert_reply;
use super::super::error::{Fault, judged, violated};
use super::locks;
use deadpool_postgres::ClientWrapper;
use muster_app::ports::{Expected, Sequence, SimRefusal, SimWrite};

/// Rows of one statement when many are loaded or enrolled at once: a bound on memory on both sides.
const ROWS_MAX: usize = 5000;

/// Why a write stopped.
type Stop = super::super::error::Stop<SimRefusal>;

impl Stop {
    /// Changed since it was read, or gone.
    fn stale(what: &'static str) -> Self {
        Self::Refused(SimRefusal::Stale { what })
    }

    /// Taken by somebody else.
    fn duplicate(what: &'static str, value: impl Into<String>, index: usize) -> Self {
        Self::Refused(SimRefusal::Duplicate { what, value: value.into(), index })
    }
}

/// The key of a sequence.
pub(super) const fn sequence_key(sequence: Sequence) -> &'static str {
    match sequence {
        Sequence::Template => "template",
        Sequence::SimCampaign => "sim_campaign",
    }
}

/// Applies all changes inside an open transaction, in order.
pub(super) async fn apply(
    client: &ClientWrapper,
    writes: &[SimWrite],
) -> Result<Result<(), SimRefusal>, Fault> {
    judged(apply_all(client, writes).await)
}

async fn apply_all(client: &ClientWrapper, writes: &[SimWrite]) -> Result<(), Stop> {
    let replaced = writes.iter().filter_map(|write| match write {
        SimWrite::Campaign { campaign, expected: Expected::Version(_) | Expected::Any } => {
            Some(campaign.id.0)
        }
        _ => None,
    });
    locks::exclude(client, replaced).await?;
    for write in writes {
        apply_one(client, write).await?;
    }
    Ok(())
}

async fn apply_one(client: &ClientWrapper, write: &SimWrite) -> Result<(), Stop> {
    match write {
        SimWrite::Account { account, expected } => accounts::account(client, account, *expected).await,
        SimWrite::User(user) => accounts::user(client, user).await,
        SimWrite::Token(token) => accounts::token(client, token).await,
        SimWrite::Request(request) => accounts::request(client, request).await,
        SimWrite::LoadSims(sims) => cards::load(client, sims).await,
        SimWrite::Sim { sim, version } => cards::replace(client, sim, *version).await,
        SimWrite::KeySet(set) => cards::key_set(client, set).await,
        SimWrite::Profile { organization, profile } => cards::profile(client, *organization, profile).await,
        SimWrite::Template(template) => campaigns::template(client, template).await,
        SimWrite::Tariff(tariff) => packages::tariff(client, tariff).await,
        SimWrite::Package { package, expected } => packages::package(client, package, *expected).await,
        SimWrite::Campaign { campaign, expected } => campaigns::campaign(client, campaign, *expected).await,
        SimWrite::Connect { campaign, account } => campaigns::connect(client, *campaign, *account).await,
        SimWrite::Enrol { campaign, participants } => enrol::enrol(client, *campaign, participants).await,
        SimWrite::Reply(reply) => insert_reply(client, reply).await.map_err(|error| match violated(&error) {
            Some(_) => Stop::Refused(SimRefusal::ReplyExists),
            None => error.into(),
        }),
    }
}
