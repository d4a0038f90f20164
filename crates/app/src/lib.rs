//! Muster: app.
