//! Simulated peers that speak the real protocols and can misbehave: a message centre with SIM cards behind it,
//! and telephones.
//!
//! - [`card`]: a card that unwraps secured packets, executes their scripts against a file system and answers. Pure:
//!   octets and a time go in, octets come out.
//! - [`smsc`]: a message centre for SMPP 3.4. Its core is pure as well and may be driven with virtual time; a thin
//!   shell puts it on a socket.
//! - [`phones`]: a carrier's trunk with people behind it, and agents' phones, for SIP (RFC 3261).
//! - [`scenario`]: who misbehaves, how, and how often.
//! - [`provision`]: cards from a table, and made-up cards from a seed.
//!
//! Nothing here is shared with the code that it is there to test: an encoder's mistake must not be undone by a
//! decoder written from the same thought.

mod agenda;
pub mod card;
pub mod hex;
pub mod phones;
pub mod provision;
pub mod rng;
pub mod scenario;
pub mod smsc;
