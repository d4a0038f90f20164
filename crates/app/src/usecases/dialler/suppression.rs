//! Numbers that nobody of a client account may call: the do-not-call list, checked when contacts are imported and again
//! before each call.

use super::{DiallerError, DiallerResult, LABEL_MAX_CHARS, check_text, client, tried, until_done};
use crate::Services;
use crate::ports::CallWrite;
use muster_domain::calls::client::NumberRecord;
use muster_domain::calls::number::E164;
use muster_domain::ids::ClientId;

/// Most numbers that are changed at once.
pub const SUPPRESSION_MAX: usize = 1000;

/// Forbids calls to these numbers, at most [`SUPPRESSION_MAX`], for a reason. All or none.
pub async fn suppress(
    services: &Services,
    of: ClientId,
    numbers: &[E164],
    reason: &str,
) -> DiallerResult<()> {
    check_text("reason", reason, LABEL_MAX_CHARS)?;
    alter(services, of, numbers, Some(reason)).await
}

/// Allows calls to these numbers again.
pub async fn unsuppress(services: &Services, of: ClientId, numbers: &[E164]) -> DiallerResult<()> {
    alter(services, of, numbers, None).await
}

/// A page of the suppressed numbers, by number, behind `after`.
pub async fn page_suppressed(
    services: &Services,
    of: ClientId,
    after: Option<&str>,
    limit: u32,
) -> DiallerResult<Vec<NumberRecord>> {
    client(services, of).await?;
    Ok(services.calls.suppressed(of, after, limit).await?)
}

async fn alter(
    services: &Services,
    of: ClientId,
    numbers: &[E164],
    reason: Option<&str>,
) -> DiallerResult<()> {
    client(services, of).await?;
    if numbers.len() > SUPPRESSION_MAX {
        return Err(DiallerError::invalid("numbers", format!("at most {SUPPRESSION_MAX} at once")));
    }
    let mut digits: Vec<String> = numbers.iter().map(|number| number.as_str().to_owned()).collect();
    digits.sort_unstable();
    digits.dedup();
    until_done!(async {
        let found = services.calls.numbers(of, &digits).await?;
        let mut writes = Vec::new();
        for (number, found) in digits.iter().zip(found) {
            let (mut record, version) = found.map_or_else(
                || (NumberRecord::new(of, number.clone()), 0),
                |found| (found.value, found.version),
            );
            if record.suppressed.as_deref() != reason {
                record.suppressed = reason.map(str::to_owned);
                writes.push(CallWrite::Number { record: Box::new(record), version });
            }
        }
        if writes.is_empty() {
            return Ok(super::Tried::Done(()));
        }
        tried(services.calls.commit(writes).await, ())
    })
}
