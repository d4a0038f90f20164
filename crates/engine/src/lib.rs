//! What happens by itself: background jobs under leases, and the sweeping of what has expired.

mod replay;
mod sweeper;
mod worker;

pub use sweeper::sweep_forever;
pub use worker::{Claimed, JobError, Progress, Worker, WorkerSettings};
