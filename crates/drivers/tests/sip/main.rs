//! The SIP driver against independent judges. `sipp` plays the far side by scenario files, and fails when something
//! comes that is not in its scenario. The simulated phones, which share no code with the driver, play whatever people
//! and networks do. What neither can play, a few lines of UDP do.

mod agents;
mod bench;
mod calls;
mod late;
mod numbers;
mod tls;
mod trunks;
