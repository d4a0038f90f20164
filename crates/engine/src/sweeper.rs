//! Deletes what has expired.

use muster_app::Services;
use std::time::Duration;

/// How long parts of an answer are kept whose other parts do not come, in seconds.
const PARTS_S: i64 = 3600;
/// How long the outcome of an accepted request can be asked for, in seconds.
const REQUESTS_S: i64 = 30 * 24 * 3600;

/// Sweeps every `interval` until the future is dropped: expired client tokens, answers remembered for longer than
/// `reply_retention`, and on the connectivity side expired tokens, old requests, and parts of cards' answers that were
/// never completed. A failing store is reported and asked again.
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
        let (parts_before, requests_before) = (now.plus_seconds(-PARTS_S), now.plus_seconds(-REQUESTS_S));
        match services.sims.sweep_sims(now, parts_before, requests_before).await {
            Ok(0) => {}
            Ok(rows) => tracing::debug!(rows, "swept what had expired of SIM campaigns"),
            Err(error) => tracing::warn!(%error, "could not sweep what has expired; trying again later"),
        }
    }
}
