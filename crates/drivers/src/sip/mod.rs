//! Calls over SIP (RFC 3261), as a user agent of our own between trunks and agents' phones.
//!
//! A *trunk* is a way into the telephone network. Of those that fit a number the one with the longest prefix carries
//! the call, then the one of lowest priority, then they share by weight; each has its lines and its calls a second,
//! which congestion halves. A trunk that does not answer, takes no registration or fails too often is left alone until
//! it is well again.
//!
//! Each call, or *leg*, has a task of its own from the INVITE to its end, and another one that watches the INVITE's
//! transaction to *its* end: an answer that comes after a call was given up is acknowledged and ended, whenever it
//! comes, and so are further branches of a call that was forked. A call that is over for the application is never up
//! anywhere else for long.
//!
//! Agents' phones register here by digest authentication. They are called at the address they registered from.
//!
//! Nothing is sent to another machine unless the settings say so, for each trunk.

mod digest;
mod hub;
mod inbound;
mod leg;
mod meters;
mod registrar;
mod sdp;
mod settings;
mod stack;
mod telephony;
mod trunk;
mod wire;

pub use digest::agent_digest;
pub use settings::{
    CodecName, DigestAlgorithm, IdentityHeader, NumberFormat, SipSettings, SipTimers, Transport, TrunkAuth,
    TrunkSettings,
};
pub use telephony::{SipStartError, SipTelephony};
