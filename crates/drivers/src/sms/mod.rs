//! Short messages over SMPP 3.4, as an external short message entity (ESME).
//!
//! A *route* is an account at a message centre; it has one or more *binds*, each a TCP session that sends and
//! receives (`bind_transceiver`). Packets queue at the route and whichever of its binds has room takes the
//! next, so that a slow session holds nobody up; all segments of one packet go over the bind that took it,
//! one after the other. In front of the binds' windows stands the route's pace, counted in segments a second.
//!
//! What left and was not answered is reported as unknown, never as failed: the centre may have it. What a
//! centre hands us is acknowledged only when the receiver says that it is stored.
//!
//! Sessions are plain TCP. Where the way to the centre is not private, a tunnel or a TLS proxy has to carry
//! them.

mod backoff;
mod gateway;
mod inbound;
mod job;
mod link;
mod message_id;
mod meters;
mod pace;
mod pdu;
mod receipt;
mod route;
mod session;
mod settings;
mod status;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use gateway::{SettingsError, SmppGateway};
pub use settings::{DataCoding, MessageIdForm, Password, PorPath, RouteSettings, StatusRange};
