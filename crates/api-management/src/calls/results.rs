//! Rows of exports: flat, so that a table shows the same as JSON.

use crate::document::rfc3339;
use muster_app::usecases::dialler::{CallRow, ContactRow};
use muster_domain::calls::call::CallOutcome;
use muster_domain::participant::ParticipantStatus;
use serde::Serialize;
use utoipa::ToSchema;

/// Columns of the table of contacts: the members of [`ContactResultOutput`].
pub(crate) const CONTACT_COLUMNS: [&str; 20] = [
    "id",
    "name",
    "user_data",
    "status",
    "result",
    "tries",
    "phone_number1",
    "phone_number2",
    "phone_number3",
    "phone_number4",
    "phone_number5",
    "phone_number6",
    "reserved_for",
    "last_agent",
    "follow_up_agent",
    "follow_up_at",
    "next_try_at",
    "is_locked",
    "imported_at",
    "changed_at",
];

/// Columns of the table of calls: the members of [`CallResultOutput`].
pub(crate) const CALL_COLUMNS: [&str; 17] = [
    "id",
    "contact",
    "number",
    "number_index",
    "agent",
    "outcome",
    "result",
    "started_at",
    "ringing_at",
    "answered_at",
    "connected_at",
    "ended_at",
    "duration_s",
    "cause",
    "sip_status",
    "digits",
    "reason",
];

/// A contact with its latest result.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CallContactResult)]
pub(crate) struct ContactResultOutput {
    /// Its id, `DiallerContactsID` of the dialler face.
    id: i64,
    /// Its name.
    name: String,
    /// Key of an outside system.
    user_data: Option<String>,
    /// Its status.
    #[schema(value_type = String)]
    status: ParticipantStatus,
    /// Export key of the result code that was recorded last, also of one that did not close it.
    result: Option<String>,
    /// Calls that count as tries.
    tries: u32,
    /// Digits of the E.164 number.
    phone_number1: Option<String>,
    /// Digits of the E.164 number.
    phone_number2: Option<String>,
    /// Digits of the E.164 number.
    phone_number3: Option<String>,
    /// Digits of the E.164 number.
    phone_number4: Option<String>,
    /// Digits of the E.164 number.
    phone_number5: Option<String>,
    /// Digits of the E.164 number.
    phone_number6: Option<String>,
    /// The agent whom it is reserved for.
    reserved_for: Option<String>,
    /// The agent who had it last.
    last_agent: Option<String>,
    /// The agent who owns the follow-up.
    follow_up_agent: Option<String>,
    /// When it follows up.
    follow_up_at: Option<String>,
    /// Not called before.
    next_try_at: Option<String>,
    /// Whether it is locked by hand.
    is_locked: bool,
    /// When it was imported.
    imported_at: String,
    /// When it last changed.
    changed_at: String,
}

impl ContactResultOutput {
    /// The row as it is shown.
    pub(crate) fn of(row: ContactRow) -> Self {
        let contact = row.contact;
        let [one, two, three, four, five, six] = contact.numbers.map(|number| number.number);
        Self {
            id: contact.id.0,
            name: contact.details.name,
            user_data: contact.details.user_data,
            status: contact.status,
            result: row.export_key,
            tries: contact.tries,
            phone_number1: one,
            phone_number2: two,
            phone_number3: three,
            phone_number4: four,
            phone_number5: five,
            phone_number6: six,
            reserved_for: contact.reserved_for,
            last_agent: contact.last_agent,
            follow_up_agent: contact.follow_up_agent,
            follow_up_at: contact.follow_up_at.map(rfc3339),
            next_try_at: contact.next_try_at.map(rfc3339),
            is_locked: contact.locked,
            imported_at: rfc3339(contact.imported_at),
            changed_at: rfc3339(contact.updated_at),
        }
    }
}

/// A call to one number of a contact.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CallResult)]
pub(crate) struct CallResultOutput {
    /// Its id.
    id: i64,
    /// The contact.
    contact: i64,
    /// Digits of the number called.
    number: String,
    /// Which of the contact's numbers, from 1.
    number_index: u8,
    /// The agent that it was placed for, or that was connected.
    agent: Option<String>,
    /// What came of it; `null` while it lasts.
    #[schema(value_type = Option<String>)]
    outcome: Option<CallOutcome>,
    /// Export key of the result code that was recorded for it.
    result: Option<String>,
    /// When it began.
    started_at: String,
    /// When it began to ring.
    ringing_at: Option<String>,
    /// When it was answered.
    answered_at: Option<String>,
    /// When an agent was connected.
    connected_at: Option<String>,
    /// When it was over.
    ended_at: Option<String>,
    /// Whole seconds from the answer to the end.
    duration_s: i64,
    /// Cause of ITU-T Q.850.
    cause: Option<u16>,
    /// Final SIP status.
    sip_status: Option<u16>,
    /// Keys that were pressed.
    digits: String,
    /// More about the outcome, for people.
    reason: String,
}

impl CallResultOutput {
    /// The row as it is shown.
    pub(crate) fn of(row: CallRow) -> Self {
        let call = row.call;
        Self {
            id: call.id.0,
            contact: call.contact.0,
            duration_s: call.duration_s(),
            number: call.number,
            number_index: call.index,
            agent: call.agent,
            outcome: call.outcome,
            result: row.export_key,
            started_at: rfc3339(call.started_at),
            ringing_at: call.ringing_at.map(rfc3339),
            answered_at: call.answered_at.map(rfc3339),
            connected_at: call.connected_at.map(rfc3339),
            ended_at: call.ended_at.map(rfc3339),
            cause: call.cause,
            sip_status: call.sip_status,
            digits: call.digits,
            reason: call.reason,
        }
    }
}
