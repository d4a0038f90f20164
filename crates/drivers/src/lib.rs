//! Drivers: what speaks to the world outside in its protocols.
//!
//! Each driver implements a port of `muster-app`. It knows sessions and octets, and reports what it saw; what
//! that means for a participant is decided elsewhere.

pub mod media;
pub mod sip;
pub mod sms;
