//! The peer of batched ingest: PostgreSQL doing nothing but an insert into a log and an upsert of a count for each
//! event, 500 of each in a transaction.

use tokio_postgres::{Client, Error, NoTls};
use uuid::Uuid;

/// How the statements of one transaction are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Two prepared statements for each event, pipelined.
    Rows,
    /// Two statements in all, over arrays. The fastest form known.
    Unnest,
}

/// A connection with the two tables.
pub struct BarePostgres {
    client: Client,
}

impl BarePostgres {
    /// Connects; with `anew`, makes the tables anew.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn connect(url: &str, anew: bool) -> Result<Self, Error> {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
        tokio::spawn(connection);
        if anew {
            Self::make_tables(&client).await?;
        }
        Ok(Self { client })
    }

    async fn make_tables(client: &Client) -> Result<(), Error> {
        client
            .batch_execute(
                "DROP TABLE IF EXISTS bare_log, bare_progress;
                 CREATE TABLE bare_log (
                     customer UUID, idem UUID, name TEXT NOT NULL, at BIGINT NOT NULL,
                     PRIMARY KEY (customer, idem));
                 CREATE TABLE bare_progress (
                     customer UUID, behavior BIGINT, count BIGINT NOT NULL,
                     PRIMARY KEY (customer, behavior))",
            )
            .await
    }

    /// Gives every customer a row to update, as in a store that has been running.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn load(&self, customers: &[Uuid]) -> Result<(), Error> {
        for chunk in customers.chunks(10_000) {
            self.client
                .execute("INSERT INTO bare_progress SELECT unnest($1::uuid[]), 1, 1", &[&chunk])
                .await?;
        }
        // Each on its own: neither may run inside a transaction, which several statements in one text are.
        self.client.batch_execute("VACUUM ANALYZE bare_progress").await?;
        self.client.batch_execute("CHECKPOINT").await
    }

    /// One transaction.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn write(&mut self, form: Form, customers: &[Uuid], keys: &[Uuid]) -> Result<(), Error> {
        let transaction = self.client.transaction().await?;
        match form {
            Form::Unnest => {
                let mut distinct: Vec<Uuid> = customers.to_vec();
                distinct.sort_unstable();
                distinct.dedup();
                transaction
                    .execute(
                        "INSERT INTO bare_log SELECT c, k, 'purchase', 1700000000000
                         FROM unnest($1::uuid[], $2::uuid[]) AS t(c, k) ON CONFLICT DO NOTHING",
                        &[&customers, &keys],
                    )
                    .await?;
                transaction
                    .execute(
                        "INSERT INTO bare_progress SELECT unnest($1::uuid[]), 1, 1
                         ON CONFLICT (customer, behavior) DO UPDATE SET count = bare_progress.count + 1",
                        &[&distinct],
                    )
                    .await?;
            }
            Form::Rows => {
                let log = transaction
                    .prepare_typed(
                        "INSERT INTO bare_log VALUES ($1, $2, 'purchase', 1700000000000) ON CONFLICT DO NOTHING",
                        &[],
                    )
                    .await?;
                let progress = transaction
                    .prepare_typed(
                        "INSERT INTO bare_progress VALUES ($1, 1, 1)
                         ON CONFLICT (customer, behavior) DO UPDATE SET count = bare_progress.count + 1",
                        &[],
                    )
                    .await?;
                let statements = customers.iter().zip(keys).map(|(customer, key)| {
                    let (transaction, log, progress) = (&transaction, &log, &progress);
                    async move {
                        futures_util::future::try_join(
                            transaction.execute(log, &[customer, key]),
                            transaction.execute(progress, &[customer]),
                        )
                        .await
                    }
                });
                futures_util::future::try_join_all(statements).await?;
            }
        }
        transaction.commit().await
    }
}
