//! The management API over real stores.

mod campaigns;
mod coverage;
mod customers;
mod idempotency;
mod organizations;
mod world;
