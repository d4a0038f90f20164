//! Muster: engine.
