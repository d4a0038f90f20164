//! One call, from the INVITE to the end. Each has a task of its own.

mod cancel;
mod dial;
mod dialog;
mod invite;
mod requests;
mod talk;
mod timer;
mod watch;

pub(crate) use dial::{Plan, Target, dial};
pub(crate) use invite::credentials;
pub(crate) use requests::reply;

use rsipstack::sip::Response;
use rsipstack::transaction::Transaction;

/// What a leg's task is told.
pub(crate) enum Input {
    /// End the call.
    HangUp,
    /// A request within its dialog.
    Request(Box<Transaction>),
    /// The ACK of an answer to a re-INVITE has come, with the answer to our offer where the INVITE had none; `None`
    /// when it never came.
    Acknowledged(Option<Vec<u8>>),
    /// What became of our refreshing the session.
    Refreshed(Result<Box<Response>, ()>),
}
