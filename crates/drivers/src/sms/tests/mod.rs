//! The driver against a centre that the tests play octet by octet, in paused time.

mod inbound;
mod links;
mod meters;
mod nonsense;
mod routes;
mod submitting;
mod throttling;
