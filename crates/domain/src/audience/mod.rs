//! Audiences: one targeting language with four uses: validate, evaluate, explain, index (contract §2.8, §2.11).

mod facts;

pub use facts::{Facts, PastEvent};

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A targeting query: the JSON as it was given, and its parsed form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Targeting {
    source: Value,
}

impl Targeting {
    /// The JSON as it was given; answers print it verbatim.
    pub fn source(&self) -> &Value {
        &self.source
    }

    /// Whether the customer matches.
    pub fn matches(&self, _facts: &Facts<'_>) -> bool {
        unimplemented!("the audience room is being built")
    }
}
