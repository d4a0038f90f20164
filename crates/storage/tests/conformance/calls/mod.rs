//! Client accounts, call campaigns, contacts and calls.

pub(crate) mod attempts;
pub(crate) mod call_campaigns;
mod call_nodes;
pub(crate) mod call_races;
mod call_tables;
pub(crate) mod clients;
pub(crate) mod conduct;
pub(crate) mod contact_lists;
pub(crate) mod contacts;
pub(crate) mod numbers;
pub(crate) mod purge;
pub(crate) mod selection;
pub(crate) mod tally;
mod world;
