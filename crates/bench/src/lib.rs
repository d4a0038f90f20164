//! Muster: bench.
