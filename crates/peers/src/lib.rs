//! Simulated peers that speak the real protocols and can misbehave: a message centre with SIM cards behind it.
