//! Voice over IP networks, octets to values and back: media packets and their reports (RFC 3550, RFC 3551), keys
//! pressed (RFC 4733), the two companding laws (ITU-T G.711), sound files, and what can be told from the sound.
//!
//! All sound is 8,000 samples a second of one channel; a *frame* is 20 ms of it, [`FRAME`] samples.

pub mod classify;
pub mod g711;
pub mod key_tones;
pub mod rtcp;
pub mod rtp;
pub mod telephone_event;
pub mod tone;
pub mod wav;

mod goertzel;

/// Samples a second of all sound here, and the clock of its packets' timestamps (RFC 3551 §4.5.14).
pub const SAMPLE_RATE: u32 = 8_000;

/// Samples in 20 ms; with G.711 also the octets of a packet's payload.
pub const FRAME: usize = 160;
