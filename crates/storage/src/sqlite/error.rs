//! What SQLite reports, in the port's words.

use muster_app::ports::StoreError;
use rusqlite::ErrorCode;

/// A failure inside a piece of work on a connection.
#[derive(Debug)]
pub(super) enum Fault {
    /// Reported by SQLite.
    Sql(rusqlite::Error),
    /// Found by us, such as bytes that cannot be decoded.
    Store(StoreError),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Sql(error) => of_sqlite(&error),
            Fault::Store(error) => error,
        }
    }
}

impl Fault {
    /// Whether the cause lies in one piece of work, so that others may still succeed without it.
    pub(super) fn is_of_one_piece(&self) -> bool {
        match self {
            Self::Store(error) => !is_of_the_store(error),
            Self::Sql(error) => !is_of_the_store(&of_sqlite(error)),
        }
    }
}

fn is_of_the_store(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::Locked(_)
            | StoreError::Full(_)
            | StoreError::ReadOnly(_)
            | StoreError::Unreachable(_)
            | StoreError::Unknown(_)
    )
}

/// Why one of several changes stopped all of them.
#[derive(Debug)]
pub(super) enum Stop<R> {
    /// Refused in the port's words.
    Refused(R),
    /// The store failed.
    Fault(Fault),
}

impl<R> From<rusqlite::Error> for Stop<R> {
    fn from(error: rusqlite::Error) -> Self {
        Self::Fault(Fault::Sql(error))
    }
}

impl<R> From<StoreError> for Stop<R> {
    fn from(error: StoreError) -> Self {
        Self::Fault(Fault::Store(error))
    }
}

impl<R> From<Fault> for Stop<R> {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// What came of several changes; a fault goes on to whoever holds the transaction.
pub(super) fn judged<R>(outcome: Result<(), Stop<R>>) -> Result<Result<(), R>, Fault> {
    match outcome {
        Ok(()) => Ok(Ok(())),
        Err(Stop::Refused(refusal)) => Ok(Err(refusal)),
        Err(Stop::Fault(fault)) => Err(fault),
    }
}

/// The port's error for one of SQLite's.
pub(super) fn of_sqlite(error: &rusqlite::Error) -> StoreError {
    use rusqlite::Error as E;
    let text = error.to_string();
    match error {
        E::SqliteFailure(failure, _) => match failure.code {
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => StoreError::Locked(text),
            ErrorCode::DiskFull => StoreError::Full(text),
            ErrorCode::ReadOnly | ErrorCode::PermissionDenied => StoreError::ReadOnly(text),
            ErrorCode::CannotOpen => StoreError::Unreachable(text),
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => StoreError::Corrupt(text),
            _ => StoreError::Internal(text),
        },
        E::FromSqlConversionFailure(..) | E::IntegralValueOutOfRange(..) | E::InvalidColumnType(..) => {
            StoreError::Corrupt(text)
        }
        _ => StoreError::Internal(text),
    }
}

/// Whether a statement failed on a unique constraint or a primary key.
pub(super) fn is_duplicate(error: &rusqlite::Error) -> bool {
    use rusqlite::ffi::{SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_ROWID, SQLITE_CONSTRAINT_UNIQUE};
    matches!(error, rusqlite::Error::SqliteFailure(failure, _)
        if matches!(failure.extended_code,
            SQLITE_CONSTRAINT_PRIMARYKEY | SQLITE_CONSTRAINT_ROWID | SQLITE_CONSTRAINT_UNIQUE))
}
