//! Audiences: one targeting language with four uses: validate, evaluate, explain, index (contract §2.8, §2.11).

mod dates;
mod error;
mod explain;
mod facts;
mod field;
mod index;
pub mod limits;
mod parse;
mod query;
mod targeting;
#[cfg(test)]
mod tests;
mod text;

pub use error::{Position, Reason, TargetingError};
pub use explain::{ClauseExplanation, Explanation, Grounds};
pub use facts::{Facts, PastEvent};
pub use index::{CompiledSet, Scratch};
pub use targeting::{EventDemand, Targeting};
