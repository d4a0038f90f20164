//! The way to the server: connections, the pool, the schema, and limits on how long anything is waited for.

use super::error::{Fault, of_postgres};
use crate::config::PostgresConfig;
use crate::failure::about;
use crate::migrations;
use deadpool_postgres::{
    ClientWrapper, Hook, HookError, Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod,
    Runtime, TimeoutType,
};
use muster_app::ports::{StoreError, StoreResult};
use std::time::Duration;
use tokio_postgres::{Client, Config, Connection, NoTls, Socket, tls::NoTlsStream};

/// Held while one node changes the schema, so that others starting at the same time wait for it.
const MIGRATION_LOCK: i64 = 0x6d75_7374_6572;

/// How much longer than the server's own limit an answer is waited for: time for a broken network to be noticed.
const ANSWER_GRACE: Duration = Duration::from_secs(5);

/// Where the server acknowledges commits that a crash of it may lose, its sessions with us do not: what this store
/// acknowledges is durable. Any other value is the operator's choice of how many servers must have it, and stays.
const DURABLE: &str = "SELECT set_config('synchronous_commit', 'local', false)
    WHERE current_setting('synchronous_commit') = 'off'";

/// The server, as this store talks to it.
pub(super) struct Server {
    config: PostgresConfig,
    pool: Pool,
}

impl Server {
    /// Prepares the pool; nothing is connected yet.
    pub(super) fn new(config: PostgresConfig) -> StoreResult<Self> {
        let manager = Manager::from_config(
            session_config(&config),
            NoTls,
            ManagerConfig { recycling_method: RecyclingMethod::Fast },
        );
        let pool = Pool::builder(manager)
            .max_size(config.pool_max)
            .wait_timeout(Some(config.connect_timeout))
            .create_timeout(Some(config.connect_timeout))
            .recycle_timeout(Some(config.connect_timeout))
            .runtime(Runtime::Tokio1)
            .post_create(Hook::async_fn(|client: &mut ClientWrapper, _| {
                Box::pin(async move { client.batch_execute(DURABLE).await.map_err(HookError::Backend) })
            }))
            .build()
            .map_err(|error| StoreError::Internal(format!("the connection pool cannot be made: {error}")))?;
        Ok(Self { config, pool })
    }

    /// The configuration it was made of.
    pub(super) fn config(&self) -> &PostgresConfig {
        &self.config
    }

    /// A connection of the pool.
    pub(super) async fn client(&self) -> StoreResult<Object> {
        self.pool.get().await.map_err(|error| {
            let place = self.config.place();
            match error {
                PoolError::Backend(error) | PoolError::PostCreateHook(HookError::Backend(error)) => {
                    about(of_postgres(&error), &place)
                }
                PoolError::Timeout(TimeoutType::Wait) => StoreError::Unreachable(format!(
                    "{place}: all {} connections are busy",
                    self.config.pool_max
                )),
                PoolError::Timeout(_) => StoreError::Unreachable(format!("{place}: no answer in time")),
                PoolError::Closed => StoreError::Unreachable("it was closed".to_owned()),
                other => StoreError::Internal(other.to_string()),
            }
        })
    }

    /// A connection that is closed, and its transaction with it, unless it is given back in order.
    pub(super) async fn lease(&self) -> StoreResult<Lease> {
        Ok(Lease { client: Some(self.client().await?) })
    }

    /// Waits for an answer a little longer than the server may take to give it.
    pub(super) async fn bounded<T>(&self, work: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
        tokio::time::timeout(self.config.statement_timeout + ANSWER_GRACE, work).await.unwrap_or_else(|_| {
            Err(Fault::Store(StoreError::Unreachable(format!("{}: no answer in time", self.config.place()))))
        })
    }

    /// Takes a connection out of the pool for good, and with it all that are idle and as dead.
    pub(super) fn forget(&self, client: Object) {
        drop(Object::take(client));
        self.pool.retain(|client, _| !client.is_closed());
    }

    /// A connection of its own, outside the pool.
    pub(super) async fn connect(&self) -> StoreResult<(Client, Connection<Socket, NoTlsStream>)> {
        let place = self.config.place();
        match tokio::time::timeout(self.config.connect_timeout, session_config(&self.config).connect(NoTls))
            .await
        {
            Ok(Ok(connected)) => Ok(connected),
            Ok(Err(error)) => Err(about(of_postgres(&error), &place)),
            Err(_) => Err(StoreError::Unreachable(format!("{place}: no answer in time"))),
        }
    }

    /// A connection of its own whose traffic is driven by a task; it ends with the client.
    pub(super) async fn connect_driven(&self) -> StoreResult<Client> {
        let (client, connection) = self.connect().await?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::warn!(error = %of_postgres(&error), "a connection to PostgreSQL ended");
            }
        });
        self.make_durable(&client).await?;
        Ok(client)
    }

    /// The same with a cache of prepared statements.
    pub(super) async fn connect_cached(&self) -> StoreResult<ClientWrapper> {
        let (client, connection) = self.connect().await?;
        let driver = tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::warn!(error = %of_postgres(&error), "a connection to PostgreSQL ended");
            }
        });
        self.make_durable(&client).await?;
        Ok(ClientWrapper::new(client, driver))
    }

    async fn make_durable(&self, client: &Client) -> StoreResult<()> {
        let asked = client.batch_execute(DURABLE).await;
        asked.map_err(|error| about(of_postgres(&error), &self.config.place()))
    }

    /// Brings the schema up to date, or says that it is of a newer program.
    pub(super) async fn migrate(&self) -> StoreResult<()> {
        let mut client = self.connect_driven().await?;
        let attempt = format!("bringing the schema of {} up to date", self.config.place());
        let failed = |error: tokio_postgres::Error| about(of_postgres(&error), &attempt);
        let known = migrations::postgres::migrations::runner().set_grouped(true);
        if !migrations::is_behind(&applied(&client).await.map_err(failed)?, &known)? {
            return Ok(());
        }
        // Another node may hold the lock for as long as its migrations take.
        client.batch_execute("SET lock_timeout = 0; SET statement_timeout = 0").await.map_err(failed)?;
        client.execute("SELECT pg_advisory_lock($1)", &[&MIGRATION_LOCK]).await.map_err(failed)?;
        if migrations::is_behind(&applied(&client).await.map_err(failed)?, &known)? {
            known.run_async(&mut client).await.map_err(|error| {
                let cause = match error.kind() {
                    refinery::error::Kind::Connection(_, cause) => {
                        cause.downcast_ref::<tokio_postgres::Error>()
                    }
                    _ => None,
                };
                about(cause.map_or_else(|| StoreError::Internal(error.to_string()), of_postgres), &attempt)
            })?;
        }
        // The lock ends with the connection.
        Ok(())
    }

    /// Closes the pool.
    pub(super) fn close(&self) {
        self.pool.close();
    }
}

/// A connection for a transaction. A caller that goes away in the middle must not leave the transaction open for
/// the next user of the connection, so on drop the connection is closed.
pub(super) struct Lease {
    client: Option<Object>,
}

impl Lease {
    /// The connection.
    pub(super) fn client(&self) -> Result<&ClientWrapper, Fault> {
        match &self.client {
            Some(client) => Ok(client),
            None => Err(Fault::Store(StoreError::Internal("the connection was given back".to_owned()))),
        }
    }

    /// Gives the connection back to the pool; no transaction is open on it.
    pub(super) fn give_back(mut self) {
        drop(self.client.take());
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(client) = self.client.take() {
            drop(Object::take(client));
        }
    }
}

/// The migrations a database has had: version and checksum of each.
pub(super) async fn applied(client: &Client) -> Result<Vec<(i64, String)>, tokio_postgres::Error> {
    let has_history: bool =
        client.query_one("SELECT to_regclass('refinery_schema_history') IS NOT NULL", &[]).await?.get(0);
    if !has_history {
        return Ok(Vec::new());
    }
    let rows = client
        .query("SELECT version::bigint, checksum::text FROM refinery_schema_history ORDER BY version", &[])
        .await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// What the server may choose when it plans our statements. Each of them finds its rows by an index, some in the order
/// of one. But a plan is made once and kept, often while the tables are all but empty, and what the server knows of
/// their size lags behind when they fill fast: left to itself it settles for reading all of a small table, and goes
/// on reading all of it when it holds millions of rows. The few statements that do read all of a table still can.
/// Compiling plans would only follow from the price that is put on that.
const INDEXES_ONLY: &str = "-c enable_seqscan=off -c enable_bitmapscan=off -c jit=off";

/// The session every connection has: its name, and the server's own limits on statements and locks. Options of the
/// address come behind ours on planning, and so win.
fn session_config(config: &PostgresConfig) -> Config {
    let mut session = config.connection.clone();
    let given = session.get_options().map_or_else(String::new, |options| format!("{options} "));
    session.options(format!(
        "{INDEXES_ONLY} {given}-c statement_timeout={} -c lock_timeout={} -c idle_in_transaction_session_timeout={}",
        config.statement_timeout.as_millis(),
        config.lock_timeout.as_millis(),
        (config.statement_timeout * 2).as_millis(),
    ));
    if session.get_application_name().is_none() {
        session.application_name("muster");
    }
    session.connect_timeout(config.connect_timeout);
    session.keepalives_idle(Duration::from_secs(30));
    #[cfg(target_os = "linux")]
    session.tcp_user_timeout(ANSWER_GRACE * 3);
    session
}
