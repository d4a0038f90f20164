//! What both databases share of accounts, SIM cards and SIM campaigns: the bytes of bodies, the rules that are the
//! same on both, and how a participant's change is decided.
//!
//! The order in which a change is judged is part of the port's meaning: first whether it is stale, then whether the
//! campaign runs, then whether the card is held by another participant, then whether the counter is still free. A key
//! set that does not exist has no counter to take and cannot be held: a change that asks for either is refused as
//! `CounterMoved`; one that asks for neither goes on without it.

mod bodies;
mod participants;
mod rules;

pub(crate) use bodies::{KeySetColumns, decode_sim, encode_keys, encode_sim, flags_to_column, sim_name_key};
pub(crate) use participants::{ParticipantColumns, PreparedStep, StepResults, prepare_steps};
pub(crate) use rules::{admit, due_of_enrolled, enrolled_timer, raised, stored_due, wake_at};
