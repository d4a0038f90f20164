//! What both databases share of client accounts, call campaigns, contacts and calls: the columns and bytes of rows, how
//! counts move, and who conducts a campaign.
//!
//! What belongs to a deleted campaign stays until it is purged, but no read finds it. A contact and a result code are
//! refused there; a call and a ledger's entry, which nobody could ever read, are passed over.

mod counts;
mod ownership;
mod rows;

pub(crate) use counts::{CountKind, Deltas, told};
pub(crate) use ownership::{Conduct, conducted_by};
pub(crate) use rows::{
    CallColumns, ContactColumns, decode_call, decode_contact, decode_number, encode_number,
};

use crate::encoding::counter_to_column;
use muster_app::ports::{CallSequence, Expected};

/// A sequence's key.
pub(crate) const fn sequence_key(kind: CallSequence) -> &'static str {
    match kind {
        CallSequence::Client => "client",
        CallSequence::Campaign => "campaign",
        CallSequence::ResultCode => "result_code",
        CallSequence::Contact => "contact",
        CallSequence::Call => "call",
    }
}

/// Whether the version found, `None` for nothing, is as expected.
pub(crate) fn is_as_expected(found: Option<i64>, expected: Expected) -> bool {
    match expected {
        Expected::Any => true,
        Expected::Absent => found.is_none(),
        Expected::Version(version) => found == Some(counter_to_column(version)),
    }
}

/// What must be true of a row that is written with the version read, 0 for one that is not there yet.
pub(crate) const fn expected_of(version: u64) -> Expected {
    if version == 0 { Expected::Absent } else { Expected::Version(version) }
}
