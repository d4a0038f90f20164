//! What every store must do with accounts, SIM cards and SIM campaigns.

pub(crate) mod accounts;
pub(crate) mod answers;
pub(crate) mod campaigns;
pub(crate) mod cards;
pub(crate) mod claims;
pub(crate) mod enrolment;
pub(crate) mod holds;
pub(crate) mod nodes;
pub(crate) mod offers;
pub(crate) mod races;
pub(crate) mod recount;
pub(crate) mod steps;
pub(crate) mod world;
