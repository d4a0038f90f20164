//! What the use cases need from outside: a store, a clock, and randomness.

mod clock;
mod entropy;
mod store;

pub use clock::{Clock, FixedClock, SystemClock};
pub use entropy::{Entropy, OsEntropy, SeededEntropy};
pub use store::*;
