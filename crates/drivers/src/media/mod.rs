//! The sound of calls: RTP over UDP (RFC 3550, RFC 3551), G.711, keys as events (RFC 4733).
//!
//! A *leg* is one stream of sound each way with one far side, on a port of its own. Two legs are bridged by passing
//! packets on, not by mixing: what arrives on one leaves on the other at once, under the stream identity of the leg it
//! leaves on, so that the far side sees one unbroken stream whoever it is bridged to. What arrives on a leg that is
//! not bridged is read and thrown away; were it left in the socket, it would come out as a burst at the next bridge.
//!
//! One thread owns all sockets. It wakes for packets, for commands, and every 20 ms while there are legs; then it
//! sends the next frame of every prompt, and silence to every leg that nobody speaks to. A leg hears silence from its
//! first [`MediaLeg::set_remote`] on: address translators on the way stay open, and far sides do not hang up because
//! they hear nothing.

mod engine;
mod incoming;
mod leg;
mod outgoing;
mod pool;
mod prompts;
mod settings;
#[cfg(test)]
mod tests;
mod worker;

pub use engine::MediaEngine;
pub use leg::MediaLeg;
pub use settings::{Codec, MediaError, MediaEvent, MediaLimits, MediaSettings, Remote};
