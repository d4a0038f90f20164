//! What the use cases need from outside: a store, a clock, randomness, message centres and telephone lines.

mod calls;
mod clock;
mod desk;
mod entropy;
mod sims;
mod sms;
mod store;
mod telephony;

pub use calls::*;
pub use clock::{Clock, FixedClock, SystemClock};
pub use desk::*;
pub use entropy::{Entropy, OsEntropy, SeededEntropy};
pub use sims::*;
pub use sms::*;
pub use store::*;
pub use telephony::*;
