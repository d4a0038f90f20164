//! Call campaigns: contacts with telephone numbers, the rules by which they are chosen, called and closed.
//!
//! A contact is a participant and a call is an attempt. Everything here is a pure function of what is stored, an
//! event, the present instant and a random number; the engine around it leases, dials and stores.
//!
//! - [`campaign`], [`result_code`], [`client`]: what a campaign says.
//! - [`contact`]: whom to call, and the machine that a contact goes through.
//! - [`call`]: one call to one number, and what its outcome means.
//! - [`selection`]: who is next.
//! - [`number`], [`zones`]: what a telephone number tells.
//! - [`pacing`]: how many calls are placed.
//! - [`policy`]: when, how often and how people may be called.

pub mod call;
pub mod campaign;
pub mod cause;
pub mod client;
pub mod contact;
pub mod hours;
pub mod number;
pub mod pacing;
pub mod policy;
pub mod result_code;
pub mod selection;
pub mod zones;
