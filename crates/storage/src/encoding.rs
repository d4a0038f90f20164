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

pub(crate) fn encode<T: Serialize>(value: &T, what: &str, capacity: usize) -> StoreResult<Vec<u8>> {
    let mut bytes = Vec::with_capacity(capacity);
    bytes.push(FORMAT);
    rmp_serde::encode::write_named(&mut bytes, value)
        .map_err(|e| StoreError::Internal(format!("a {what} cannot be encoded: {e}")))?;
    Ok(bytes)
}

pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8], what: &str) -> StoreResult<T> {
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
    use muster_domain::behavior::{
        Behavior, DayZone, EventMatch, Goal, GoalGroup, Measure, Progress, Rule, refold,
    };
    use muster_domain::customer::{Points, Tag};
    use muster_domain::event::ContextValue;
    use muster_domain::ids::BehaviorId;
    use proptest::prelude::*;
    use serde_json::{Map, Value};

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

    /// JSON of every kind, nested, with the ends of the numbers.
    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>()
                .prop_filter("JSON knows finite numbers only", |n| n.is_finite())
                .prop_map(Value::from),
            ".{0,12}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 16, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec((".{0,6}", inner), 0..4)
                    .prop_map(|entries| entries.into_iter().collect::<Map<_, _>>().into()),
            ]
        })
    }

    fn context_value() -> impl Strategy<Value = ContextValue> {
        prop_oneof![
            any::<bool>().prop_map(ContextValue::Bool),
            any::<i64>().prop_map(ContextValue::Integer),
            any::<f64>().prop_filter("finite", |n| n.is_finite()).prop_map(ContextValue::Number),
            ".{0,12}".prop_map(ContextValue::Text),
            Just(ContextValue::Null),
        ]
    }

    /// A composite that keeps every part of a progress in use.
    fn behavior() -> Behavior {
        let goal = |event_name: &str, measure| Goal {
            event: EventMatch { event_name: event_name.to_owned(), conditions: vec![] },
            measure,
            points: 1,
            required: false,
            earn_count: 2,
            group_id: "g".to_owned(),
        };
        Behavior {
            id: BehaviorId(1),
            external_id: "b".to_owned(),
            name: "b".to_owned(),
            event_name: "b".to_owned(),
            rule: Rule::Composite {
                goals: vec![
                    goal("visit", Measure::Count { total_count: 2 }),
                    goal("buy", Measure::Unique { context_key: "sku".to_owned(), total_count: 3 }),
                ],
                groups: vec![GoalGroup { id: "g".to_owned(), total_count: 1 }],
            },
            points: 5,
            max_times_repeatable: Some(50),
            max_times_repeatable_per_period: Some(4),
            period_s: 86_400,
            min_time_between_events_s: Some(1),
            consecutive: false,
            outcomes: vec![],
            published_at: UnixMillis(0),
        }
    }

    fn events() -> impl Strategy<Value = Vec<Event>> {
        let one = (0..10_000_i64, prop::bool::ANY, context_value(), 1..5_u32);
        prop::collection::vec(one, 0..20).prop_map(|list| {
            list.into_iter()
                .zip(1..)
                .map(|((second, visit, sku, quantity), sequence)| Event {
                    sequence,
                    name: if visit { "visit" } else { "buy" }.to_owned(),
                    occurred_at: UnixMillis(second * 100_000),
                    quantity,
                    context: [("sku".to_owned(), sku)].into(),
                    ..event()
                })
                .collect()
        })
    }

    proptest! {
        #[test]
        fn any_customer_comes_back_as_it_went(
            attributes in prop::collection::vec((".{0,8}", json()), 0..5),
            tags in prop::collection::btree_map(".{0,8}", (any::<bool>(), any::<u64>(), any::<i64>()), 0..4),
            log in events(),
            points in any::<(i64, i64)>(),
        ) {
            let mut customer = Customer::anonymous(Uuid::from_u128(7), UnixMillis(1));
            customer.profile.user_profile = attributes.into_iter().collect();
            customer.tags = tags
                .into_iter()
                .map(|(name, (counts, count, at))| {
                    let tag = if counts { Tag::Counter { count } } else { Tag::Expiring { expires_at: UnixMillis(at) } };
                    (name, tag)
                })
                .collect();
            customer.points = Points { available: points.0, test: points.1 };
            let (progress, _) = refold(&behavior(), &Progress::new(), &log, &DayZone::UTC);
            customer.progress.insert(BehaviorId(1), progress);
            prop_assert_eq!(decode_customer(&encode_customer(&customer).unwrap()).unwrap(), customer);
        }

        #[test]
        fn any_event_comes_back_as_it_went(
            context in prop::collection::btree_map(".{0,8}", context_value(), 0..6),
            sequence in 0..=i64::MAX as u64,
            instants in any::<(i64, i64)>(),
        ) {
            let case = Event {
                context,
                sequence,
                occurred_at: UnixMillis(instants.0),
                received_at: UnixMillis(instants.1),
                ..event()
            };
            prop_assert_eq!(EventRow::of(case.clone()).unwrap().into_event().unwrap(), case);
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut framed = vec![FORMAT];
            framed.extend(&bytes);
            for bytes in [bytes, framed] {
                let refused = matches!(decode_customer(&bytes), Err(StoreError::Corrupt(_)) | Ok(_));
                prop_assert!(refused);
            }
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
