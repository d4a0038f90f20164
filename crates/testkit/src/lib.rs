//! Muster: testkit.
