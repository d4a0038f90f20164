//! Muster: api-engagement.
