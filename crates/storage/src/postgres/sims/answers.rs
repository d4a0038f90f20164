//! Parts of cards' answers that came in several messages.

use super::super::error::Fault;
use deadpool_postgres::ClientWrapper;
use muster_app::ports::{AnswerPart, StoreError};
use muster_domain::time::UnixMillis;

/// Parts that arrive at different nodes at the same moment would each be told of the others only if one of them
/// waited. So the message is locked from here to the commit.
pub(super) async fn add(
    client: &ClientWrapper,
    part: &AnswerPart,
) -> Result<Result<Vec<AnswerPart>, StoreError>, Fault> {
    let lock = client.prepare_cached("SELECT pg_advisory_xact_lock(hashtextextended($1, $2))").await?;
    client.execute(&lock, &[&part.source, &i64::from(part.reference)]).await?;
    let insert = client
        .prepare_cached(
            "INSERT INTO answer_part (source, reference, total, sequence, user_data, received_at)
             VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (source, reference, total, sequence)
             DO UPDATE SET user_data = excluded.user_data, received_at = excluded.received_at",
        )
        .await?;
    let (reference, total) = (i32::from(part.reference), i16::from(part.total));
    client
        .execute(
            &insert,
            &[
                &part.source,
                &reference,
                &total,
                &i16::from(part.sequence),
                &part.user_data,
                &part.received_at.0,
            ],
        )
        .await?;
    let select = client
        .prepare_cached(
            "SELECT sequence, user_data, received_at FROM answer_part
             WHERE source = $1 AND reference = $2 AND total = $3 ORDER BY sequence",
        )
        .await?;
    let rows = client.query(&select, &[&part.source, &reference, &total]).await?;
    let parts = rows.iter().map(|row| {
        let sequence: i16 = row.try_get(0)?;
        Ok(AnswerPart {
            source: part.source.clone(),
            reference: part.reference,
            total: part.total,
            sequence: u8::try_from(sequence).map_err(|_| {
                StoreError::Corrupt(format!("a stored part of an answer is number {sequence}"))
            })?,
            user_data: row.try_get(1)?,
            received_at: UnixMillis(row.try_get(2)?),
        })
    });
    Ok(Ok(parts.collect::<Result<_, Fault>>()?))
}

pub(super) async fn forget(client: &ClientWrapper, source: &str, reference: u16) -> Result<(), Fault> {
    let statement =
        client.prepare_cached("DELETE FROM answer_part WHERE source = $1 AND reference = $2").await?;
    client.execute(&statement, &[&source, &i32::from(reference)]).await?;
    Ok(())
}
