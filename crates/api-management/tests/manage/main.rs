//! The management API over real stores.

mod accounts;
mod call_campaigns;
mod call_clients;
mod campaigns;
mod coverage;
mod customers;
mod documentation;
mod idempotency;
mod organizations;
mod sim_campaigns;
mod sims;
mod world;
