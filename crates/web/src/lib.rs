//! Muster: web.
