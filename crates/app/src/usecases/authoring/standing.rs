//! A customer's standing: whether they may be reached and rewarded.

use super::{AuthoringError, AuthoringResult, Remember, current};
use crate::ports::{CustomerWrite, StoredCustomer};
use crate::usecases::change_customer::{Change, change_customer, write_of};
use crate::usecases::customers::StandingPatch;
use crate::usecases::select::CustomerSelector;
use crate::{AppError, Services};
use muster_domain::ids::OrganizationId;

/// Changes the standing. With `version` the caller must know the stored customer.
pub async fn change(
    services: &Services,
    organization: OrganizationId,
    customer: &CustomerSelector,
    version: Option<u64>,
    patch: &StandingPatch,
    remember: Remember<'_, StoredCustomer>,
) -> AuthoringResult<StoredCustomer> {
    patch.check()?;
    let snapshot = current(services, organization).await?;
    let snapshot = &*snapshot;
    let changed = change_customer(services, snapshot, customer, |loaded: StoredCustomer| {
        Box::pin(async move {
            if version.is_some_and(|known| known != loaded.version) {
                return Err(AppError::Stale("customer"));
            }
            let mut after = loaded.clone();
            patch.apply(&mut after.customer.standing);
            let mut write: CustomerWrite = write_of(snapshot, &loaded);
            let now = services.clock.now();
            after.customer.updated_at = now;
            after.version += 1;
            write.customer = Some(after.customer.clone());
            write.reply = remember(&after);
            Ok(Change::Write(Box::new(write), after))
        })
    })
    .await;
    changed.map_err(|error| match error {
        AppError::Stale("idempotent request") => AuthoringError::Repeated,
        other => AuthoringError::App(other),
    })
}
