//! What PostgreSQL and the way to it report, in the port's words.

use muster_app::ports::StoreError;
use tokio_postgres::error::SqlState;

/// A failure inside a piece of work on a connection.
#[derive(Debug)]
pub(super) enum Fault {
    /// Reported by the server or by the connection.
    Sql(tokio_postgres::Error),
    /// Found by us, such as bytes that cannot be decoded.
    Store(StoreError),
    /// Somebody else changed between our look and our write what we had looked at.
    Overtaken,
}

impl From<tokio_postgres::Error> for Fault {
    fn from(error: tokio_postgres::Error) -> Self {
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
            Fault::Sql(error) => of_postgres(&error),
            Fault::Store(error) => error,
            Fault::Overtaken => StoreError::Locked("other writers kept changing the same rows".to_owned()),
        }
    }
}

impl Fault {
    /// Whether the transaction lost to another one and may win when repeated. Of statements that travel together, one
    /// that was refused because another had failed may be heard first: repeated, it tells why or succeeds.
    pub(super) fn is_lost_race(&self) -> bool {
        match self {
            Self::Overtaken => true,
            Self::Sql(error) => error.code().is_some_and(|code| {
                [
                    SqlState::T_R_SERIALIZATION_FAILURE,
                    SqlState::T_R_DEADLOCK_DETECTED,
                    SqlState::IN_FAILED_SQL_TRANSACTION,
                ]
                .contains(code)
            }),
            Self::Store(_) => false,
        }
    }

    /// Whether the connection is gone, so that a new one may succeed.
    pub(super) fn is_lost_connection(&self) -> bool {
        match self {
            Self::Sql(error) => is_lost_connection(error),
            _ => false,
        }
    }

    /// Whether the cause lies in one piece of work, so that others may still succeed without it.
    pub(super) fn is_of_one_piece(&self) -> bool {
        match self {
            Self::Sql(error) => {
                matches!(of_postgres(error), StoreError::Internal(_) | StoreError::Corrupt(_))
            }
            Self::Store(error) => matches!(error, StoreError::Internal(_) | StoreError::Corrupt(_)),
            Self::Overtaken => false,
        }
    }
}

/// Why one of several changes stopped all of them.
#[derive(Debug)]
pub(super) enum Stop<R> {
    /// Refused in the port's words.
    Refused(R),
    /// The store failed, or another writer was faster.
    Fault(Fault),
}

impl<R> From<tokio_postgres::Error> for Stop<R> {
    fn from(error: tokio_postgres::Error) -> Self {
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

/// Whether an error means that the connection is gone: closed, broken, or ended by the server.
pub(super) fn is_lost_connection(error: &tokio_postgres::Error) -> bool {
    match error.code() {
        Some(code) => {
            code.code().starts_with("08")
                || [SqlState::ADMIN_SHUTDOWN, SqlState::CRASH_SHUTDOWN, SqlState::CANNOT_CONNECT_NOW]
                    .contains(code)
        }
        None => error.is_closed() || has_io_cause(error),
    }
}

fn has_io_cause(error: &tokio_postgres::Error) -> bool {
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        if error.is::<std::io::Error>() {
            return true;
        }
        cause = error.source();
    }
    false
}

/// The port's error for one of PostgreSQL's. A server's detail line may quote stored values and is left out.
pub(super) fn of_postgres(error: &tokio_postgres::Error) -> StoreError {
    let Some(told) = error.as_db_error() else {
        let mut text = error.to_string();
        let mut cause = std::error::Error::source(error);
        while let Some(error) = cause {
            text = format!("{text}: {error}");
            cause = error.source();
        }
        return if is_lost_connection(error) {
            StoreError::Unreachable(text)
        } else {
            StoreError::Internal(text)
        };
    };
    let text = format!("{} ({})", told.message(), told.code().code());
    let code = told.code();
    if is_lost_connection(error) {
        return StoreError::Unreachable(text);
    }
    match code.code() {
        "53100" => StoreError::Full(text),
        // Read-only transaction, insufficient privilege.
        "25006" | "42501" => StoreError::ReadOnly(text),
        // Lock timeout, serialization failure, deadlock, object in use.
        "55P03" | "40001" | "40P01" | "55006" => StoreError::Locked(text),
        // Out of memory or connections; too slow for the statement timeout; credentials refused; no such database.
        "53000" | "53200" | "53300" | "53400" | "57014" | "28000" | "28P01" | "3D000" => {
            StoreError::Unreachable(text)
        }
        "XX001" | "XX002" => StoreError::Corrupt(text),
        _ => StoreError::Internal(text),
    }
}

/// The constraint that a unique violation names.
pub(super) fn violated(error: &tokio_postgres::Error) -> Option<&str> {
    let told = error.as_db_error()?;
    (*told.code() == SqlState::UNIQUE_VIOLATION).then(|| told.constraint().unwrap_or_default())
}
