//! The driver against a centre that the tests play, in paused time.

mod submitting;
