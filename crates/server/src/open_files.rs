//! How many files and connections the process may have open.

/// What the process needs besides its clients' connections: database files, connections to PostgreSQL, the log.
const OWN: u64 = 512;

/// Open files that a server with that many connections needs.
pub fn needed(connections_max: u64) -> u64 {
    connections_max.saturating_add(OWN)
}

/// Raises the soft limit to the hard one: the usual soft limit of 1,024 is there for programs that use `select`.
/// Returns the limit in force; `None` where there is none.
#[cfg(unix)]
pub fn raise() -> Option<u64> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    // Where even that is forbidden, the old limit stays in force.
    let _ = setrlimit(Resource::Nofile, raised);
    getrlimit(Resource::Nofile).current
}

/// The limit is not known on this system.
#[cfg(not(unix))]
pub fn raise() -> Option<u64> {
    None
}
