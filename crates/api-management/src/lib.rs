//! Muster: api-management.
