//! The sound of a call: packets out every 20 ms, packets in counted and listened to.

mod ear;
mod g711;
mod rtp;
mod task;
mod voice;

pub use ear::Spell;
pub(super) use task::{Command, Event, Report, Start, run};
pub use voice::Sound;
