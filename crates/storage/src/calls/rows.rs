//! Contacts, calls and numbers as rows: the columns by which they are found, and the bytes of everything.

use crate::encoding::{decode, encode};
use muster_app::ports::{StoreResult, sort_name};
use muster_domain::calls::call::{Call, CallOutcome};
use muster_domain::calls::client::NumberRecord;
use muster_domain::calls::contact::Contact;
use muster_domain::time::UnixMillis;

/// The row of a contact, without its version.
#[derive(Debug)]
pub(crate) struct ContactColumns {
    pub(crate) id: i64,
    pub(crate) client: i64,
    pub(crate) campaign: i64,
    /// The name as lists are sorted by it.
    pub(crate) sort_name: String,
    pub(crate) user_data: Option<String>,
    pub(crate) status: u8,
    /// The result code that was recorded last.
    pub(crate) result: Option<i64>,
    /// The queue's number; 0 for a contact that stands in none.
    pub(crate) queue: u8,
    /// The agent that it is bound to; empty for nobody.
    pub(crate) bound: String,
    pub(crate) first: i64,
    pub(crate) second: i64,
    pub(crate) due: i64,
    /// The numbers that may be called.
    pub(crate) mask: u8,
    /// Tries so far: the first order key once it is ready.
    pub(crate) tries: i64,
    /// Until when somebody has it in hand; `None` for a contact that nobody has.
    pub(crate) lease_until: Option<i64>,
    /// The numbers that lead to it, each once; none for a closed contact.
    pub(crate) numbers: Vec<String>,
    pub(crate) body: Vec<u8>,
}

impl ContactColumns {
    /// The row of a contact at `now`.
    pub(crate) fn of(contact: &Contact, now: UnixMillis) -> StoreResult<Self> {
        let place = contact.place(now);
        let (queue, bound, first, second, due) = match place {
            Some(place) => (place.queue.number(), place.bound, place.first, place.second, place.due),
            None => (0, String::new(), 0, 0, 0),
        };
        Ok(Self {
            id: contact.id.0,
            client: contact.client.0,
            campaign: contact.campaign.0,
            sort_name: sort_name(&contact.details.name),
            user_data: contact.details.user_data.clone(),
            status: contact.status.number(),
            result: contact.result_code.map(|code| code.0),
            queue,
            bound,
            first,
            second,
            due,
            mask: contact.callable(),
            tries: i64::from(contact.tries),
            lease_until: contact.lease.as_ref().filter(|_| contact.is_in_hand()).map(|lease| lease.until.0),
            numbers: numbers_of(contact),
            body: encode(contact, "contact", 1536)?,
        })
    }
}

fn numbers_of(contact: &Contact) -> Vec<String> {
    if !contact.is_open() && !contact.is_in_hand() {
        return Vec::new();
    }
    let mut numbers: Vec<String> =
        contact.numbers.iter().filter_map(|number| number.number.clone()).collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

/// The contact in a row's bytes.
pub(crate) fn decode_contact(bytes: &[u8]) -> StoreResult<Contact> {
    decode(bytes, "contact")
}

/// The row of a call.
#[derive(Debug)]
pub(crate) struct CallColumns {
    pub(crate) id: i64,
    pub(crate) campaign: i64,
    pub(crate) contact: i64,
    /// The outcome's number; `None` while it lasts.
    pub(crate) outcome: Option<u8>,
    /// The result code that was recorded for it.
    pub(crate) result: Option<i64>,
    pub(crate) body: Vec<u8>,
}

impl CallColumns {
    /// The row of a call. `kept` is the number of the outcome that is stored already, and that stays.
    pub(crate) fn of(call: &Call, kept: Option<u8>) -> StoreResult<Self> {
        let outcome = kept.and_then(CallOutcome::from_number).or(call.outcome);
        let changed;
        let call = if outcome == call.outcome {
            call
        } else {
            changed = Call { outcome, ..call.clone() };
            &changed
        };
        Ok(Self {
            id: call.id.0,
            campaign: call.campaign.0,
            contact: call.contact.0,
            outcome: outcome.map(CallOutcome::number),
            result: call.result_code.map(|code| code.0),
            body: encode(call, "call", 384)?,
        })
    }
}

/// The call in a row's bytes.
pub(crate) fn decode_call(bytes: &[u8]) -> StoreResult<Call> {
    decode(bytes, "call")
}

/// Bytes of what is remembered of a number.
pub(crate) fn encode_number(record: &NumberRecord) -> StoreResult<Vec<u8>> {
    encode(record, "number", 256)
}

/// What is remembered of a number, in a row's bytes.
pub(crate) fn decode_number(bytes: &[u8]) -> StoreResult<NumberRecord> {
    decode(bytes, "number")
}

#[cfg(test)]
mod tests {
    use super::*;
    use muster_domain::calls::contact::Lease;
    use muster_domain::ids::{CallCampaignId, CallId, ClientId, ContactId};
    use muster_domain::participant::ParticipantStatus;
    use uuid::Uuid;

    const NOW: UnixMillis = UnixMillis(1_763_000_000_000);

    fn contact() -> Contact {
        let mut contact = Contact::new(ContactId(7), ClientId(1), CallCampaignId(3), 99, NOW);
        contact.numbers[0].number = Some("4930111".to_owned());
        contact.numbers[2].number = Some("4930111".to_owned());
        contact.numbers[5].number = Some("4930222".to_owned());
        contact
    }

    #[test]
    fn a_contact_is_found_by_each_number_until_it_is_closed() {
        for status in ParticipantStatus::ALL {
            let row = ContactColumns::of(&Contact { status, ..contact() }, NOW).unwrap();
            let closed = !matches!(
                status,
                ParticipantStatus::Pending
                    | ParticipantStatus::Retry
                    | ParticipantStatus::Progress
                    | ParticipantStatus::Wait
            );
            let expected: &[&str] = if closed { &[] } else { &["4930111", "4930222"] };
            assert_eq!(row.numbers, expected, "{status:?}");
        }
    }

    #[test]
    fn a_lease_counts_while_somebody_has_the_contact_in_hand() {
        let lease = Some(Lease { agent: None, until: NOW });
        for (status, expected) in [
            (ParticipantStatus::Progress, Some(NOW.0)),
            (ParticipantStatus::Wait, Some(NOW.0)),
            (ParticipantStatus::Pending, None),
            (ParticipantStatus::Completed, None),
        ] {
            let held = Contact { status, lease: lease.clone(), ..contact() };
            assert_eq!(ContactColumns::of(&held, NOW).unwrap().lease_until, expected, "{status:?}");
        }
    }

    #[test]
    fn a_contact_and_a_call_come_back_as_they_went() {
        let mut contact = contact();
        contact.details.amount = serde_json::Number::from_f64(12.5);
        contact.details.name = "Ünïcode".to_owned();
        let row = ContactColumns::of(&contact, NOW).unwrap();
        assert_eq!(decode_contact(&row.body).unwrap(), contact);
        assert_eq!((row.sort_name.as_str(), row.queue, row.mask), ("ünïcode", 5, 0b10_0101));
    }

    #[test]
    fn an_outcome_that_is_stored_stays() {
        let call = Call {
            id: CallId(1),
            uuid: Uuid::nil(),
            client: ClientId(1),
            campaign: CallCampaignId(3),
            contact: ContactId(7),
            number: "4930111".to_owned(),
            index: 1,
            agent: None,
            started_at: NOW,
            ringing_at: None,
            answered_at: None,
            connected_at: None,
            ended_at: None,
            outcome: None,
            cause: None,
            sip_status: None,
            result_code: None,
            digits: String::new(),
            reason: String::new(),
        };
        for (kept, given, expected) in [
            (None, None, None),
            (None, Some(CallOutcome::Busy), Some(CallOutcome::Busy)),
            (Some(CallOutcome::Answered), None, Some(CallOutcome::Answered)),
            (Some(CallOutcome::Answered), Some(CallOutcome::Unknown), Some(CallOutcome::Answered)),
        ] {
            let given = Call { outcome: given, ..call.clone() };
            let row = CallColumns::of(&given, kept.map(CallOutcome::number)).unwrap();
            assert_eq!(row.outcome, expected.map(CallOutcome::number));
            assert_eq!(decode_call(&row.body).unwrap(), Call { outcome: expected, ..call.clone() });
        }
    }
}
