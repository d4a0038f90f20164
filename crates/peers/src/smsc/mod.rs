//! A message centre for SMPP 3.4 with cards behind it.
//!
//! [`SmscCore`] decides everything and does no I/O: messages and a time go in, [`Action`]s come out, and
//! [`SmscCore::next_due_ms`] says when to ask again. [`Smsc`] puts it on a socket.

mod core;
mod counters;
mod message;
mod misbehaviour;
mod outbox;
mod pdu;
mod receipt;
mod server;
mod session;
mod settings;
mod validity;

pub use self::core::SmscCore;
pub use counters::Counters;
pub use message::{Action, Address, Deliver, LinkId, MessageState, Submission, SubmitKind};
pub use server::{Smsc, StartError};
pub use settings::{CoreSettings, IdFormat, PorPath, SmscSettings};
