//! The SIP driver against an independent judge: `sipp` plays the far side by scenario files, and fails when something
//! comes that is not in its scenario. Whatever it cannot play, a few lines of UDP do.

mod bench;
mod calls;
