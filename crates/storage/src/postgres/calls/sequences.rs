//! Numbers that are handed out in order.

use super::super::error::Fault;
use crate::calls::sequence_key;
use deadpool_postgres::ClientWrapper;
use muster_app::ports::CallSequence;

pub(super) async fn take(client: &ClientWrapper, kind: CallSequence, count: u32) -> Result<i64, Fault> {
    let statement = client
        .prepare_cached("UPDATE call_sequence SET last = last + $2 WHERE kind = $1 RETURNING last - $2 + 1")
        .await?;
    Ok(client.query_one(&statement, &[&sequence_key(kind), &i64::from(count)]).await?.try_get(0)?)
}

pub(super) async fn raise(client: &ClientWrapper, kind: CallSequence, id: i64) -> Result<(), Fault> {
    let statement =
        client.prepare_cached("UPDATE call_sequence SET last = $2 WHERE kind = $1 AND last < $2").await?;
    client.execute(&statement, &[&sequence_key(kind), &id]).await?;
    Ok(())
}
