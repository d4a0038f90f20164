//! Bytes to values and back, no I/O: secured packets for SIM cards, remote command scripts, user data headers.
