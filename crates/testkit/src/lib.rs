//! What tests of several crates share: things with good defaults, databases of their own, and the real binary under
//! observation.

pub mod builders;
pub mod calls;
pub mod postgres;
pub mod process;
pub mod sims;
pub mod stores;

pub use postgres::{TestDatabase, TestPostgres};
pub use process::{Finished, Muster, Server};
pub use stores::TestStore;
