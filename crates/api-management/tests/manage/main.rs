//! The management API over real stores.

mod accounts;
mod campaigns;
mod coverage;
mod customers;
mod idempotency;
mod organizations;
mod sim_campaigns;
mod sims;
mod world;
