//! Reads about SIM cards.

use super::super::error::Fault;
use super::accounts::counted;
use super::rows::one_each;
use crate::encoding::{counter_from_column, counter_to_column, from_json};
use crate::sims::{KeySetColumns, decode_sim, sim_name_key};
use deadpool_postgres::ClientWrapper;
use futures_util::future::try_join;
use muster_app::ports::{PageOf, Paged, Versioned};
use muster_domain::ids::{AccountId, OrganizationId, SimNumber};
use muster_domain::sim::{CardProfile, KeySet, Sim, SimName};
use tokio_postgres::Row;

/// The SIM in the columns `number`, `body`, from `first` on.
pub(super) fn sim(row: &Row, first: usize) -> Result<Sim, Fault> {
    Ok(decode_sim(row.try_get(first)?, row.try_get(first + 1)?)?)
}

fn key_set(row: &Row) -> Result<KeySet, Fault> {
    let columns = KeySetColumns {
        sim: row.try_get(0)?,
        kvn: row.try_get(1)?,
        next_counter: row.try_get(2)?,
        holder_campaign: row.try_get(3)?,
        holder_ordinal: row.try_get(4)?,
        flags: row.try_get(5)?,
        body: row.try_get(6)?,
    };
    Ok(columns.into_key_set()?)
}

pub(super) async fn sims_by_names(
    client: &ClientWrapper,
    names: &[SimName],
) -> Result<Vec<Option<Versioned<Sim>>>, Fault> {
    let (kinds, texts): (Vec<i16>, Vec<&str>) = names.iter().map(sim_name_key).unzip();
    let statement = client
        .prepare_cached(
            "SELECT w.index, s.number, s.body, s.version
             FROM unnest($1::smallint[], $2::text[]) WITH ORDINALITY AS w (kind, name, index)
             CROSS JOIN LATERAL (SELECT sim FROM sim_name n WHERE n.kind = w.kind AND n.name = w.name LIMIT 1) n
             CROSS JOIN LATERAL (SELECT * FROM sim WHERE number = n.sim LIMIT 1) s",
        )
        .await?;
    let rows = client.query(&statement, &[&kinds, &texts]).await?;
    one_each(names.len(), &rows, |row| {
        Ok(Versioned { value: sim(row, 1)?, version: counter_from_column(row.try_get(3)?) })
    })
}

/// Found by ordinal, which is dense: no row in front of the page is looked at.
pub(super) async fn page_sims(
    client: &ClientWrapper,
    account: AccountId,
    of: PageOf,
) -> Result<Paged<Sim>, Fault> {
    let (rows, total) = try_join(
        client.prepare_cached(
            "SELECT number, body FROM sim WHERE account = $1 AND ordinal >= $2 AND ordinal < $3
             ORDER BY ordinal",
        ),
        client.prepare_cached("SELECT sims FROM account WHERE id = $1"),
    )
    .await?;
    let first = of.skip();
    let behind = first.saturating_add(u64::from(of.size));
    let (first, behind) = (counter_to_column(first), counter_to_column(behind));
    let (rows, total) = try_join(
        client.query(&rows, &[&account.0, &first, &behind]),
        client.query_opt(&total, &[&account.0]),
    )
    .await?;
    Ok(Paged {
        rows: rows.iter().map(|row| sim(row, 0)).collect::<Result<_, Fault>>()?,
        total: counted(total)?,
    })
}

pub(super) async fn key_sets(client: &ClientWrapper, sim: SimNumber) -> Result<Vec<KeySet>, Fault> {
    key_sets_of(client, &[sim.0]).await
}

/// The key sets of these cards, in order of card and version number. Put into that order here: asked for it, the
/// server may go through all cards in order.
pub(super) async fn key_sets_of(client: &ClientWrapper, sims: &[i64]) -> Result<Vec<KeySet>, Fault> {
    let statement = client
        .prepare_cached(
            "SELECT sim, kvn, next_counter, holder_campaign, holder_ordinal, flags, body
             FROM key_set WHERE sim = ANY ($1)",
        )
        .await?;
    let rows = client.query(&statement, &[&sims]).await?;
    let mut sets = rows.iter().map(key_set).collect::<Result<Vec<_>, Fault>>()?;
    sets.sort_unstable_by_key(|set| (set.sim, set.kvn));
    Ok(sets)
}

/// These cards, in no order.
pub(super) async fn sims_of(client: &ClientWrapper, numbers: &[i64]) -> Result<Vec<Sim>, Fault> {
    let statement = client.prepare_cached("SELECT number, body FROM sim WHERE number = ANY ($1)").await?;
    client.query(&statement, &[&numbers]).await?.iter().map(|row| sim(row, 0)).collect()
}

pub(super) async fn card_profile(
    client: &ClientWrapper,
    organization: OrganizationId,
    name: &str,
) -> Result<Option<CardProfile>, Fault> {
    let statement =
        client.prepare_cached("SELECT body FROM card_profile WHERE organization = $1 AND name = $2").await?;
    let row = client.query_opt(&statement, &[&organization.0, &name]).await?;
    row.map(|row| Ok(from_json(row.try_get(0)?, "card profile")?)).transpose()
}

pub(super) async fn card_profiles(
    client: &ClientWrapper,
    organization: OrganizationId,
) -> Result<Vec<CardProfile>, Fault> {
    let statement =
        client.prepare_cached("SELECT body FROM card_profile WHERE organization = $1 ORDER BY name").await?;
    let rows = client.query(&statement, &[&organization.0]).await?;
    rows.iter().map(|row| Ok(from_json(row.try_get(0)?, "card profile")?)).collect()
}
