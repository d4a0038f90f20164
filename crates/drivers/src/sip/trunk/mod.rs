//! Trunks: which one carries a call, how fast, and whether it is there.

mod breaker;
mod choose;
mod keep;
mod pace;
mod state;

pub(crate) use choose::{Trunks, Unplaced};
pub(crate) use keep::{connect, keep};
pub(crate) use state::{Line, Trunk, Verdict};
