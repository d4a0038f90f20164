//! Muster: storage.
