//! A customer's standing: whether they may be reached and rewarded.

use super::{AuthoringError, AuthoringResult, Remember, current};
use crate::ports::{CustomerWrite, StoredCustomer};
use crate::usecases::change_customer::{Change, change_customer, write_of};
use crate::usecases::select::CustomerSelector;
use crate::{AppError, Services};
use muster_domain::customer::Standing;
use muster_domain::ids::OrganizationId;

/// What changes; what is `None` stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StandingChange {
    /// Account is active.
    pub activated: Option<bool>,
    /// Never qualifies for anything.
    pub suspended: Option<bool>,
    /// "Ceased marketing".
    pub marketing_ceased: Option<bool>,
    /// Points go to the test balance.
    pub test_account: Option<bool>,
    /// Such as `good`.
    pub account_status: Option<String>,
}

impl StandingChange {
    fn apply(&self, standing: &mut Standing) {
        let set = |field: &mut bool, value: Option<bool>| *field = value.unwrap_or(*field);
        set(&mut standing.activated, self.activated);
        set(&mut standing.suspended, self.suspended);
        set(&mut standing.marketing_ceased, self.marketing_ceased);
        set(&mut standing.test_account, self.test_account);
        if let Some(status) = &self.account_status {
            status.clone_into(&mut standing.account_status);
        }
    }
}

/// Changes the standing. With `version` the caller must know the stored customer.
pub async fn change(
    services: &Services,
    organization: OrganizationId,
    customer: &CustomerSelector,
    version: Option<u64>,
    change: &StandingChange,
    remember: Remember<'_, StoredCustomer>,
) -> AuthoringResult<StoredCustomer> {
    if let Some(status) = &change.account_status {
        super::organizations::check_name("account_status", status)?;
    }
    let snapshot = current(services, organization).await?;
    let snapshot = &*snapshot;
    let changed = change_customer(services, snapshot, customer, |loaded: StoredCustomer| {
        Box::pin(async move {
            if version.is_some_and(|known| known != loaded.version) {
                return Err(AppError::Stale("customer"));
            }
            let mut after = loaded.clone();
            change.apply(&mut after.customer.standing);
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
