//! What the writers tell about themselves.

use std::time::Duration;

/// Time from the begin of a transaction of the writers to its durable end, by store.
const DURATION: &str = "muster_store_transaction_duration_seconds";
/// Customer writes and other tasks that shared a transaction, by store.
const BATCH: &str = "muster_store_transaction_writes";
/// Transactions that failed as a whole, by store.
const FAILED: &str = "muster_store_transactions_failed_total";
/// Writes refused because too many were waiting, by store.
const OVERLOADED: &str = "muster_store_writes_overloaded_total";

/// A transaction came to its end.
pub(crate) fn transaction(store: &'static str, writes: usize, took: Duration, committed: bool) {
    metrics::histogram!(BATCH, "store" => store).record(writes as f64);
    metrics::histogram!(DURATION, "store" => store).record(took);
    if !committed {
        metrics::counter!(FAILED, "store" => store).increment(1);
    }
}

/// Writes were refused for want of room in the queue.
pub(crate) fn overloaded(store: &'static str, writes: usize) {
    metrics::counter!(OVERLOADED, "store" => store).increment(writes as u64);
}
