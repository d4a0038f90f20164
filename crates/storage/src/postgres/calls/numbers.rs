//! Reads about what is remembered of numbers.

use super::super::error::Fault;
use super::rows::text;
use crate::calls::decode_number;
use crate::encoding::counter_from_column;
use deadpool_postgres::ClientWrapper;
use muster_app::ports::Versioned;
use muster_domain::calls::client::NumberRecord;
use muster_domain::ids::ClientId;
use rustc_hash::FxHashMap;

pub(super) async fn numbers(
    client: &ClientWrapper,
    of: ClientId,
    numbers: &[String],
) -> Result<Vec<Option<Versioned<NumberRecord>>>, Fault> {
    let statement = client
        .prepare_cached(
            "SELECT n.number, n.version, n.body FROM unnest($2::bytea[]) AS w (number)
             CROSS JOIN LATERAL
                 (SELECT * FROM call_number n WHERE n.client = $1 AND n.number = w.number LIMIT 1) n",
        )
        .await?;
    let asked: Vec<&[u8]> = numbers.iter().map(String::as_bytes).collect();
    let rows = client.query(&statement, &[&of.0, &asked]).await?;
    let mut found: FxHashMap<String, Versioned<NumberRecord>> = FxHashMap::default();
    for row in &rows {
        let value = decode_number(row.try_get(2)?)?;
        found.insert(text(row, 0)?, Versioned { version: counter_from_column(row.try_get(1)?), value });
    }
    Ok(numbers.iter().map(|number| found.get(number).cloned()).collect())
}

pub(super) async fn suppressed(
    client: &ClientWrapper,
    of: ClientId,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<NumberRecord>, Fault> {
    // No number is empty, so all lie behind an empty one.
    let statement = client
        .prepare_cached(
            "SELECT body FROM call_number WHERE client + 0 = $1 AND suppressed AND number > $2
             ORDER BY client + 0, number LIMIT $3",
        )
        .await?;
    let after = after.unwrap_or_default().as_bytes();
    let rows = client.query(&statement, &[&of.0, &after, &i64::from(limit)]).await?;
    rows.iter().map(|row| Ok(decode_number(row.try_get(0)?)?)).collect()
}
