//! The shape of the house, held by tests: who may use whom, and what the tree may not hold.
//!
//! They live here because the test kit is no part of what ships and depends on nothing it judges.

mod dependencies;
mod tree;

use std::path::PathBuf;

/// The root of the repository.
fn root() -> PathBuf {
    let testkit = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    testkit.ancestors().nth(2).expect("the test kit is two folders below the root").to_owned()
}
