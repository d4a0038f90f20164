//! Which store, where, and within which limits.

use muster_app::ports::{StoreError, StoreResult};
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// The store to open.
#[derive(Debug, Clone)]
#[expect(clippy::large_enum_variant, reason = "a process has one, made at its start")]
pub enum StoreConfig {
    /// Embedded, in a data directory.
    Sqlite(SqliteConfig),
    /// On a PostgreSQL server.
    Postgres(PostgresConfig),
}

impl StoreConfig {
    /// Reads a store's place: a `postgres://` or `postgresql://` address, or else the path of a data directory.
    /// Limits take their defaults.
    pub fn parse(place: &str) -> StoreResult<Self> {
        if place.starts_with("postgres://") || place.starts_with("postgresql://") {
            PostgresConfig::new(place).map(Self::Postgres)
        } else if let Some((scheme, _)) = place.split_once("://") {
            Err(StoreError::Internal(format!(
                "no store is known under {scheme}://; give a data directory or a postgres:// address"
            )))
        } else if place.is_empty() {
            Err(StoreError::Internal(
                "the store's place is empty; give a data directory or a postgres:// address".to_owned(),
            ))
        } else {
            Ok(Self::Sqlite(SqliteConfig::new(place)))
        }
    }
}

/// The place without credentials, for messages and logs.
impl fmt::Display for StoreConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(config) => config.file().display().fmt(f),
            Self::Postgres(config) => config.place().fmt(f),
        }
    }
}

/// How far a commit of the embedded store is on the disk before it is acknowledged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Synchronous {
    /// Flushed by each commit: what is acknowledged survives a loss of power.
    #[default]
    Full,
    /// Flushed by checkpoints only: survives the end of the process, but not a loss of power.
    Normal,
}

impl Synchronous {
    /// The value of SQLite's `synchronous` pragma.
    pub(crate) const fn pragma(self) -> &'static str {
        match self {
            Self::Full => "FULL",
            Self::Normal => "NORMAL",
        }
    }
}

/// The embedded store's place and limits.
#[derive(Debug, Clone)]
pub struct SqliteConfig {
    /// Directory that holds `muster.db`; created for the owner alone where it does not exist.
    pub directory: PathBuf,
    /// How durable an acknowledged write is.
    pub synchronous: Synchronous,
    /// Read connections that are kept open; more are opened under load and closed after use.
    pub readers: usize,
    /// How long to wait for another process that writes to the same file.
    pub busy_timeout: Duration,
    /// Customer writes that may wait; above it a write is refused as
    /// [`StoreError::Overloaded`].
    pub queue_max: usize,
    /// The writer's page cache in MiB.
    pub cache_mib: u32,
    /// How much of the file is read through memory mapping, in MiB. It helps reading from a file that rests; one that
    /// grows is mapped anew by every connection, which made an ingest cost half as much CPU again.
    pub mmap_mib: u32,
    /// Largest size of the file in MiB; a write that would exceed it is refused as
    /// [`StoreError::Full`]. `None` leaves the limit to the disk.
    pub size_max_mib: Option<u32>,
}

impl SqliteConfig {
    /// The store in `directory`, with default limits.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
            synchronous: Synchronous::Full,
            readers: 8,
            busy_timeout: Duration::from_secs(5),
            queue_max: 16_384,
            cache_mib: 64,
            mmap_mib: 0,
            size_max_mib: None,
        }
    }

    /// The database file.
    pub fn file(&self) -> PathBuf {
        self.directory.join("muster.db")
    }
}

/// A PostgreSQL server and the limits of talking to it.
#[derive(Clone)]
pub struct PostgresConfig {
    /// Server, database, user and options; holds the password and so is never printed.
    pub(crate) connection: tokio_postgres::Config,
    /// Connections for reads, jobs and configuration.
    pub pool_max: usize,
    /// How long to wait for a connection to open, or for one of the pool.
    pub connect_timeout: Duration,
    /// How long a statement may take before it is given up.
    pub statement_timeout: Duration,
    /// How long a statement may wait for a row that another transaction holds.
    pub lock_timeout: Duration,
    /// Customer writes that may wait; above it a write is refused as
    /// [`StoreError::Overloaded`].
    pub queue_max: usize,
}

impl PostgresConfig {
    /// The server of a `postgres://user:password@host:port/database` address, with default limits.
    pub fn new(url: &str) -> StoreResult<Self> {
        // The parser's own message may quote parts of the address, so it is not passed on.
        let connection: tokio_postgres::Config = url.parse().map_err(|_| {
            StoreError::Internal(
                "the PostgreSQL address cannot be read; write it as postgres://user:password@host:port/database"
                    .to_owned(),
            )
        })?;
        if connection.get_hosts().is_empty() {
            return Err(StoreError::Internal(
                "the PostgreSQL address names no host; write it as postgres://user:password@host:port/database"
                    .to_owned(),
            ));
        }
        Ok(Self {
            connection,
            pool_max: 16,
            connect_timeout: Duration::from_secs(3),
            statement_timeout: Duration::from_secs(30),
            lock_timeout: Duration::from_secs(5),
            queue_max: 16_384,
        })
    }

    /// Host, port and database, without credentials.
    pub fn place(&self) -> String {
        let hosts: Vec<String> = self
            .connection
            .get_hosts()
            .iter()
            .enumerate()
            .map(|(index, host)| {
                let ports = self.connection.get_ports();
                let port = ports.get(index).or_else(|| ports.first()).copied().unwrap_or(5432);
                match host {
                    tokio_postgres::config::Host::Tcp(name) => format!("{name}:{port}"),
                    #[cfg(unix)]
                    tokio_postgres::config::Host::Unix(path) => format!("{}:{port}", path.display()),
                }
            })
            .collect();
        let database = self.connection.get_dbname().or(self.connection.get_user()).unwrap_or("postgres");
        format!("postgres://{}/{database}", hosts.join(","))
    }
}

impl fmt::Debug for PostgresConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresConfig")
            .field("place", &self.place())
            .field("pool_max", &self.pool_max)
            .field("connect_timeout", &self.connect_timeout)
            .field("statement_timeout", &self.statement_timeout)
            .field("lock_timeout", &self.lock_timeout)
            .field("queue_max", &self.queue_max)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_directory_or_a_postgres_address() {
        let place = |text: &str| StoreConfig::parse(text).map(|config| config.to_string());
        assert_eq!(place("data").unwrap(), "data/muster.db");
        assert_eq!(place("postgres://u:secret@db.local/muster").unwrap(), "postgres://db.local:5432/muster");
        assert_eq!(place("postgresql://u@h1:1,h2:2/m").unwrap(), "postgres://h1:1,h2:2/m");
        for wrong in ["", "mysql://h/db", "postgres://u:secret@h:port/db", "postgres:///db"] {
            let message = place(wrong).expect_err(wrong).to_string();
            assert!(!message.contains("secret"), "{message}");
        }
    }

    #[test]
    fn a_password_is_never_printed() {
        let config = StoreConfig::parse("postgres://u:hunter2@h/db").unwrap();
        assert!(!format!("{config:?} {config}").contains("hunter2"));
    }
}
