//! SIM campaigns end to end: real store, real driver over a socket, a message centre with cards that unwrap what they
//! are sent by code of their own.

mod campaigns;
mod faults;
mod world;
