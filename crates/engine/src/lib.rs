//! What happens by itself: background jobs under leases, SIM campaigns, call campaigns, and the sweeping of what has
//! expired.

pub mod calls;
mod replay;
pub mod sim;
mod sweeper;
mod worker;

pub use sweeper::sweep_forever;
pub use worker::{Claimed, JobError, Progress, Worker, WorkerSettings};
