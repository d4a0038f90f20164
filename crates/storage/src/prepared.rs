//! Customer writes on their way from the port to a writer.

use crate::encoding::{EventRow, encode_customer, to_json};
use muster_app::ports::{
    ClientToken, CommitRefusal, CreativeCount, CustomerName, CustomerWrite, Expected, OutboxEntry,
    PlaceChange, StoreError, StoreResult, StoredReply,
};
use muster_domain::ids::{CustomerId, OrganizationId};

/// The results of several writes, one for each.
pub(crate) type Results = Vec<Result<(), CommitRefusal>>;

/// A customer write whose parts are already bytes, so that the writer only writes.
pub(crate) struct Prepared {
    pub(crate) organization: OrganizationId,
    pub(crate) id: CustomerId,
    pub(crate) expected: Expected,
    pub(crate) body: Option<Vec<u8>>,
    pub(crate) add_names: Vec<CustomerName>,
    pub(crate) remove_names: Vec<CustomerName>,
    pub(crate) events: Vec<EventRow>,
    pub(crate) outcomes: Vec<(OutboxEntry, String)>,
    pub(crate) places: Vec<PlaceChange>,
    pub(crate) counts: Vec<CreativeCount>,
    pub(crate) token: Option<ClientToken>,
    pub(crate) reply: Option<StoredReply>,
}

impl Prepared {
    /// Encodes a write.
    pub(crate) fn of(write: CustomerWrite) -> StoreResult<Self> {
        Ok(Self {
            organization: write.organization,
            id: write.id,
            expected: write.expected,
            body: write.customer.as_ref().map(encode_customer).transpose()?,
            add_names: write.add_names,
            remove_names: write.remove_names,
            events: write.events.into_iter().map(EventRow::of).collect::<StoreResult<_>>()?,
            outcomes: write
                .outcomes
                .into_iter()
                .map(|entry| to_json(&entry.payload, "outcome").map(|payload| (entry, payload)))
                .collect::<StoreResult<_>>()?,
            places: write.places,
            counts: write.counts,
            token: write.token,
            reply: write.reply,
        })
    }
}

/// Encodes the writes of one call, has the encoded ones written, and puts the results into the order of the call.
/// A write that cannot be encoded is refused alone; the others go on.
pub(crate) async fn commit<F: Future<Output = Results>>(
    writes: Vec<CustomerWrite>,
    write_all: impl FnOnce(Vec<Prepared>) -> F,
) -> Results {
    let mut prepared = Vec::with_capacity(writes.len());
    let mut refused = Vec::new();
    for (index, write) in writes.into_iter().enumerate() {
        match Prepared::of(write) {
            Ok(write) => prepared.push(write),
            Err(error) => refused.push((index, error)),
        }
    }
    let mut results = if prepared.is_empty() { Vec::new() } else { write_all(prepared).await };
    for (index, error) in refused {
        results.insert(index, Err(error.into()));
    }
    results
}

/// The same failure for each of `count` writes.
pub(crate) fn all_failed(count: usize, error: &StoreError) -> Results {
    (0..count).map(|_| Err(error.clone().into())).collect()
}
