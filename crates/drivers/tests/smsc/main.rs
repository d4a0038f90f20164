//! The driver and the simulated message centre over real sockets.

mod answers;
mod faults;
mod surroundings;
