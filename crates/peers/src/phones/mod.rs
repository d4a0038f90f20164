//! Telephones for a dialler: a carrier's trunk with the people behind it, and the phones on agents' desks.
//!
//! The number that is called decides what happens: numbers that end in 9 and two more digits do as a table says
//! (`docs/simulated-phones.md`), all others as a distribution draws by the seed. Every phone says a tone of its own
//! ([`tone_of`], [`agent_tone`]) and writes down what it heard, so that a record proves who was connected to whom.
//! [`judge`] asks the records what a dialler must never do.
//!
//! The core is pure: messages and a time go in, actions come out. [`Phones`] puts it on sockets.

mod core;
pub mod judge;
mod media;
mod mix;
mod plan;
mod record;
mod server;
mod settings;
mod sip;
mod streams;
mod table;
mod tls;

pub use media::{Sound, Spell};
pub use mix::Mix;
pub use plan::{AnswerSdp, OnCancel, Plan, Press, PressHow, PressWhen, Reject, Step, Talk, Then};
pub use record::{CallRecord, Counters, End, Side};
pub use server::{Phones, StartError};
pub use settings::{
    AgentHabits, AgentOrder, AgentPhone, AgentsSettings, Challenge, PhonesSettings, TlsSettings, TrunkState,
};
pub use sip::digest::Algorithm;
pub use sip::sdp::Codec;

/// Tones are so far apart, in Hz; agents' lie half way between those of callees.
const STEP_HZ: u32 = 20;

/// The tone of the phone with this number, in Hz: 400 and 20 more for each of its last two digits as a number, so
/// 400 to 2,380.
pub fn tone_of(number: &str) -> u32 {
    let digit = |octet: &u8| u32::from(octet.is_ascii_digit()) * u32::from(octet.wrapping_sub(b'0'));
    let last: u32 =
        number.as_bytes().iter().rev().take(2).zip([1, 10]).map(|(octet, place)| digit(octet) * place).sum();
    400 + STEP_HZ * last
}

/// The tone of the agents' phone at this place in the settings, from 0, in Hz: 410 and 20 more for each, and from the
/// beginning again after 99 phones.
pub fn agent_tone(at: usize) -> u32 {
    410 + STEP_HZ * (at % 99) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tones_tell_phones_apart() {
        for (number, hz) in [("4930123900", 400), ("4930123942", 1_240), ("99", 2_380), ("7", 540), ("", 400)]
        {
            assert_eq!(tone_of(number), hz, "{number}");
        }
        assert_eq!((agent_tone(0), agent_tone(98), agent_tone(99)), (410, 2_370, 410));
    }
}
