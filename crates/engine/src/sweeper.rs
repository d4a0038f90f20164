//! Deletes what has expired.

use muster_app::Services;
use std::time::Duration;

/// Sweeps every `interval` until the future is dropped: expired client tokens, and answers remembered for longer
/// than `reply_retention`. A failing store is reported and asked again.
pub async fn sweep_forever(services: &Services, interval: Duration, reply_retention: Duration) {
    let retention_s = i64::try_from(reply_retention.as_secs()).unwrap_or(i64::MAX);
    loop {
        tokio::time::sleep(interval).await;
        let now = services.clock.now();
        match services.store.sweep(now, now.plus_seconds(retention_s.saturating_neg())).await {
            Ok(0) => {}
            Ok(rows) => tracing::debug!(rows, "swept what had expired"),
            Err(error) => tracing::warn!(%error, "could not sweep what has expired; trying again later"),
        }
    }
}
