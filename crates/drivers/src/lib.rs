//! Drivers: what speaks to the world outside in its protocols.
