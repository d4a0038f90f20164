//! What tests of several crates share: databases of their own, and the real binary under observation.

pub mod database;
pub mod process;

pub use database::PostgresDatabase;
pub use process::{Finished, Muster, Server};
