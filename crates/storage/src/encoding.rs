//! The bytes of an aggregate and of an event's body: MessagePack with field names behind one byte that tells the
//! format, so that a field can be added with a default and a format can be replaced row by row.

use muster_app::ports::{CatalogWrite, CustomerName, JobState, ManagementToken, StoreError, StoreResult};
use muster_domain::customer::Customer;
use muster_domain::event::{Context, Event, EventKey};
use muster_domain::ids::CampaignId;
use muster_domain::time::UnixMillis;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The format written today, and so far the only one.
const FORMAT: u8 = 1;

/// Bytes of an aggregate.
pub(crate) fn encode_customer(customer: &Customer) -> StoreResult<Vec<u8>> {
    encode(customer, "customer", 1024)
}

/// The aggregate in `bytes`.
pub(crate) fn decode_customer(bytes: &[u8]) -> StoreResult<Customer> {
    decode(bytes, "customer")
}

/// What of an event is not in columns of its own. Names are short because they are written with every event.
#[derive(Serialize, Deserialize)]
struct EventBody {
    #[serde(rename = "o")]
    occurred_at: UnixMillis,
    #[serde(rename = "r")]
    received_at: UnixMillis,
    #[serde(rename = "q")]
    quantity: u32,
    #[serde(rename = "c", default, skip_serializing_if = "Context::is_empty")]
    context: Context,
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    restricted_to: Option<CampaignId>,
    #[serde(rename = "a", default, skip_serializing_if = "Vec::is_empty")]
    admitted: Vec<CampaignId>,
}

/// An event as its row: the columns, and the body's bytes.
#[derive(Debug)]
pub(crate) struct EventRow {
    pub(crate) key: [u8; 16],
    pub(crate) sequence: i64,
    pub(crate) name: String,
    pub(crate) body: Vec<u8>,
}

impl EventRow {
    /// The row of an event.
    pub(crate) fn of(event: Event) -> StoreResult<Self> {
        let body = EventBody {
            occurred_at: event.occurred_at,
            received_at: event.received_at,
            quantity: event.quantity,
            context: event.context,
            restricted_to: event.restricted_to,
            admitted: event.admitted,
        };
        Ok(Self {
            key: event.key.0,
            sequence: counter_to_column(event.sequence),
            name: event.name,
            body: encode(&body, "event", 96)?,
        })
    }

    /// The event of a row.
    pub(crate) fn into_event(self) -> StoreResult<Event> {
        let body: EventBody = decode(&self.body, "event")?;
        Ok(Event {
            key: EventKey(self.key),
            sequence: counter_from_column(self.sequence),
            name: self.name,
            occurred_at: body.occurred_at,
            received_at: body.received_at,
            quantity: body.quantity,
            context: body.context,
            restricted_to: body.restricted_to,
            admitted: body.admitted,
        })
    }
}

/// A name as its key: the kind's number and the text.
pub(crate) fn name_key(name: &CustomerName) -> (i16, &str) {
    match name {
        CustomerName::External(text) => (1, text),
        CustomerName::Email(text) => (2, text),
        CustomerName::Phone(text) => (3, text),
    }
}

/// Most customers a look-up by prefix returns. Twelve equal bytes of random ids are one customer in practice; the
/// bound only keeps ids that somebody chose from making one answer large.
pub(crate) const PREFIX_MATCHES_MAX: u32 = 16;

/// The first and the last identifier that share their first twelve bytes with `prefix`.
pub(crate) fn prefix_range(prefix: Uuid) -> ([u8; 16], [u8; 16]) {
    let (mut first, mut last) = (*prefix.as_bytes(), *prefix.as_bytes());
    first[12..].fill(0);
    last[12..].fill(0xff);
    (first, last)
}

/// A count as a column holds it; databases count in signed integers.
pub(crate) fn counter_to_column(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A count read back; one below nought was never written.
pub(crate) fn counter_from_column(column: i64) -> u64 {
    u64::try_from(column).unwrap_or(0)
}

/// A job's state as its column.
pub(crate) const fn job_state_key(state: JobState) -> &'static str {
    match state {
        JobState::Pending => "pending",
        JobState::Running => "running",
        JobState::Completed => "completed",
        JobState::Failed => "failed",
    }
}

/// Whether a write belongs to no organization, so that it may come before the first one exists.
pub(crate) fn needs_no_organization(write: &CatalogWrite) -> bool {
    matches!(
        write,
        CatalogWrite::Token(ManagementToken { organization: None, .. })
            | CatalogWrite::RevokeToken { .. }
            | CatalogWrite::Reply(_)
    )
}

/// JSON text of a configuration entity.
pub(crate) fn to_json<T: Serialize>(value: &T, what: &str) -> StoreResult<String> {
    serde_json::to_string(value).map_err(|e| StoreError::Internal(format!("a {what} cannot be encoded: {e}")))
}

/// A configuration entity from its JSON text.
pub(crate) fn from_json<T: DeserializeOwned>(text: &str, what: &str) -> StoreResult<T> {
    serde_json::from_str(text)
        .map_err(|e| StoreError::Corrupt(format!("a stored {what} cannot be read: {e}")))
}

fn encode<T: Serialize>(value: &T, what: &str, capacity: usize) -> StoreResult<Vec<u8>> {
    let mut bytes = Vec::with_capacity(capacity);
    bytes.push(FORMAT);
    rmp_serde::encode::write_named(&mut bytes, value)
        .map_err(|e| StoreError::Internal(format!("a {what} cannot be encoded: {e}")))?;
    Ok(bytes)
}

fn decode<T: DeserializeOwned>(bytes: &[u8], what: &str) -> StoreResult<T> {
    match bytes.split_first() {
        Some((&FORMAT, body)) => rmp_serde::from_slice(body)
            .map_err(|e| StoreError::Corrupt(format!("a stored {what} cannot be read: {e}"))),
        Some((format, _)) => Err(StoreError::Corrupt(format!(
            "a stored {what} has format {format}, which this program does not know"
        ))),
        None => Err(StoreError::Corrupt(format!("a stored {what} is empty"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use muster_domain::event::ContextValue;

    fn event() -> Event {
        Event {
            key: EventKey([7; 16]),
            sequence: 3,
            name: "purchase".to_owned(),
            occurred_at: UnixMillis(1_700_000_000_000),
            received_at: UnixMillis(1_700_000_000_250),
            quantity: 2,
            context: [
                ("flag".to_owned(), ContextValue::Bool(true)),
                ("amount".to_owned(), ContextValue::Number(2.0)),
                ("items".to_owned(), ContextValue::Integer(-5)),
                ("note".to_owned(), ContextValue::Text("12".to_owned())),
                ("nothing".to_owned(), ContextValue::Null),
            ]
            .into(),
            restricted_to: Some(CampaignId(9)),
            admitted: vec![CampaignId(9), CampaignId(11)],
        }
    }

    #[test]
    fn an_event_comes_back_as_it_went() {
        for case in
            [event(), Event { context: Context::new(), restricted_to: None, admitted: vec![], ..event() }]
        {
            assert_eq!(EventRow::of(case.clone()).unwrap().into_event().unwrap(), case);
        }
    }

    #[test]
    fn bytes_of_another_format_are_refused_with_its_number() {
        let mut row = EventRow::of(event()).unwrap();
        row.body[0] = 2;
        let message = row.into_event().unwrap_err().to_string();
        assert!(message.contains("format 2"), "{message}");
        for bytes in [&[][..], &[FORMAT], &[FORMAT, 0xc1], b"\x01nonsense"] {
            assert!(matches!(decode_customer(bytes), Err(StoreError::Corrupt(_))), "{bytes:?}");
        }
    }
}
