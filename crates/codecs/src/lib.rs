//! Octets to values and back, without I/O: secured packets for SIM cards, remote command scripts, user data headers;
//! and [`voice`]: media packets, sound, and what can be told from it.
//!
//! The layers of what goes to a card, from the outside in, each with its standard:
//!
//! - [`mod@concat`] and [`udh`]: what a short message carries (3GPP TS 23.040 §9.2.3.24, TS 31.115 §4);
//! - [`command_packet`] and [`response_packet`]: the secured packet to the card and its proof of receipt
//!   (ETSI TS 102 225 §5), under a [`security::Security`];
//! - [`script`]: the list of commands inside a packet, in its two formats (ETSI TS 102 226 §5);
//! - [`apdu`]: the single commands, for files and for applications, and their status words.
//!
//! Every decoder takes hostile octets: it answers with a value or an error, never panics and never allocates more
//! than a small multiple of its input. Keys are wiped when dropped and print as `***`.

pub mod apdu;
pub mod ber;
pub mod command_packet;
pub mod concat;
pub mod counter;
pub mod error;
pub mod path;
pub mod por_status;
pub mod response_packet;
pub mod script;
pub mod security;
pub mod tar;
pub mod udh;
pub mod voice;

mod octets;

pub use error::{DecodeError, EncodeError};
pub use tar::Tar;
