//! The rules of a campaign, and nothing else: no runtime, no network, no SQL, no clock, no randomness.
//!
//! Every function takes what it needs, `now` included, and returns a decision; the shell around it loads,
//! stores and sends. The three faces translate their vocabularies into the types of this crate.

pub mod account;
pub mod audience;
pub mod behavior;
pub mod calls;
pub mod campaign;
pub mod customer;
pub mod event;
pub mod ids;
mod number;
mod octets;
pub mod offer;
pub mod organization;
pub mod participant;
pub mod sim;
pub mod sim_campaign;
pub mod tariff;
#[cfg(test)]
mod testing;
pub mod time;
