//! What holds for every security, every length and every octet.

mod arbitrary;
mod hostile;
mod round_trips;
