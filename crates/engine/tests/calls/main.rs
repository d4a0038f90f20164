//! Call campaigns end to end: the engine and the SIP driver as they run in production, telephones in sockets of their
//! own, and a real store of each kind.

mod agentless;
mod agents;
mod crash;
mod trouble;
mod world;
