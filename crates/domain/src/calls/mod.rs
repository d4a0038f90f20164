//! Call campaigns: contacts with telephone numbers, the rules by which they are chosen, called and closed.
//!
//! A contact is a participant and a call is an attempt. Everything here is a pure function of what is stored, an
//! event, the present instant and a random number; the engine around it leases, dials and stores.

pub mod number;
pub mod pacing;
pub mod zones;
