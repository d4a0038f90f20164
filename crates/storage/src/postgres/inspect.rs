//! A look at the database without changing it.

use super::error::of_postgres;
use super::server::{Server, applied};
use crate::config::PostgresConfig;
use crate::failure::about;
use crate::inspect::{StoreReport, line};
use muster_app::ports::StoreResult;
use tokio_postgres::Client;

/// What there is to tell about the database. It is not migrated.
pub(crate) async fn inspect(config: &PostgresConfig) -> StoreResult<StoreReport> {
    let server = Server::new(config.clone())?;
    let client = server.connect_driven().await?;
    look(&client, config).await.map_err(|error| about(of_postgres(&error), &config.place()))
}

async fn look(client: &Client, config: &PostgresConfig) -> Result<StoreReport, tokio_postgres::Error> {
    let history = applied(client).await?;
    let setting = async |name: &str| -> Result<String, tokio_postgres::Error> {
        client.query_one("SELECT current_setting($1)", &[&name]).await?.try_get(0)
    };
    let size: i64 = client.query_one("SELECT pg_database_size(current_database())", &[]).await?.try_get(0)?;
    let connections: i64 = client
        .query_one("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'", &[])
        .await?
        .try_get(0)?;
    let replica: bool = client.query_one("SELECT pg_is_in_recovery()", &[]).await?.try_get(0)?;
    Ok(StoreReport {
        kind: "postgres",
        place: config.place(),
        schema_version: history.iter().map(|(version, _)| *version).max().unwrap_or(0),
        newest_schema: crate::newest_schema(),
        size_bytes: u64::try_from(size).unwrap_or(0),
        details: vec![
            line("server version", &setting("server_version").await?),
            line("read-only replica", &replica),
            line("synchronous_commit", &setting("synchronous_commit").await?),
            line("fsync", &setting("fsync").await?),
            line("max_connections", &setting("max_connections").await?),
            line("connections now", &connections),
        ],
    })
}
