//! What the use cases need from outside: a store, a clock, randomness, and message centres.

mod clock;
mod entropy;
mod sims;
mod sms;
mod store;

pub use clock::{Clock, FixedClock, SystemClock};
pub use entropy::{Entropy, OsEntropy, SeededEntropy};
pub use sims::*;
pub use sms::*;
pub use store::*;
