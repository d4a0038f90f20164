//! Shifts of a call campaign in virtual time: how busy agents would be, and how many of those who answer would find
//! none of them.
//!
//! Telephony, callers and agents are simulated; the pacer, its floor and the ledger gate are the ones that place real
//! calls ([`muster_domain::calls::pacing`]). A shift is a pure function of its [`Scenario`], the [`Policy`] and a seed.

pub mod erlang;
pub mod policy;
mod queue;
mod random;
mod report;
mod run;
mod scenario;
mod shift;

pub use policy::Policy;
pub use report::{Estimate, ShiftReport, Summary};
pub use run::{Job, run_all};
pub use scenario::{Callers, Change, Latency, Leaving, MachineDetection, Scenario, UnknownScenario};
pub use shift::run_shift;
