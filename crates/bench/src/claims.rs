//! What a queue on PostgreSQL does by itself: claiming rows under `SKIP LOCKED`, and completing them.

use crate::fixture::Fallible;
use std::time::Instant;
use tokio_postgres::NoTls;

/// Claims and completes `rows` rows, `batch` at a time, over one connection, and returns rows a second. The database
/// must be empty.
pub async fn claim_and_complete(url: &str, rows: usize, batch: usize) -> Fallible<f64> {
    let (mut client, connection) = tokio_postgres::connect(url, NoTls).await?;
    let connection = tokio::spawn(connection);
    client
        .batch_execute(
            "CREATE TABLE bench_work (id BIGINT PRIMARY KEY, state SMALLINT NOT NULL, owner BIGINT,
                                      lease_until BIGINT NOT NULL, body BYTEA NOT NULL);
             CREATE INDEX bench_work_due ON bench_work (lease_until, id) WHERE state = 0",
        )
        .await?;
    client
        .execute(
            "INSERT INTO bench_work SELECT n, 0, NULL, 0, decode(repeat('ab', 150), 'hex')
             FROM generate_series(1, $1::BIGINT) AS n",
            &[&i64::try_from(rows)?],
        )
        .await?;
    client.batch_execute("VACUUM ANALYZE bench_work").await?;
    let claim = client
        .prepare(
            "UPDATE bench_work SET owner = 1, lease_until = $2 WHERE id IN (
                 SELECT id FROM bench_work WHERE state = 0 AND lease_until <= $1 ORDER BY lease_until, id LIMIT $3
                 FOR UPDATE SKIP LOCKED) RETURNING id, body",
        )
        .await?;
    let complete = client.prepare("UPDATE bench_work SET state = 1 WHERE id = ANY($1) AND owner = 1").await?;
    let begun = Instant::now();
    let mut done = 0;
    loop {
        let transaction = client.transaction().await?;
        let limit = i64::try_from(batch)?;
        let claimed = transaction.query(&claim, &[&1_i64, &2_i64, &limit]).await?;
        transaction.commit().await?;
        if claimed.is_empty() {
            break;
        }
        let ids: Vec<i64> = claimed.iter().map(|row| row.get(0)).collect();
        let transaction = client.transaction().await?;
        done += transaction.execute(&complete, &[&ids]).await?;
        transaction.commit().await?;
    }
    let rate = done as f64 / begun.elapsed().as_secs_f64();
    client.batch_execute("DROP TABLE bench_work").await?;
    drop(client);
    connection.await??;
    Ok(rate)
}
