//! Tagging customers (contract N5).

use super::change_customer::{Change, change_customer, replace};
use super::select::CustomerSelector;
use crate::catalog::OrganizationSnapshot;
use crate::ports::StoredCustomer;
use crate::{AppError, AppResult, Services};
use std::collections::BTreeSet;

/// Most tags in one request.
pub const MAX_TAGS_PER_REQUEST: usize = 100;

/// Tags the customer with all of them or none, each once however often it is named. Returns the customer after it.
pub async fn tag_customer(
    services: &Services,
    organization: &OrganizationSnapshot,
    customer: &CustomerSelector,
    tags: &[String],
    ttl_s: Option<u32>,
) -> AppResult<StoredCustomer> {
    if tags.is_empty() {
        return Err(AppError::Missing("tags".to_owned()));
    }
    if tags.len() > MAX_TAGS_PER_REQUEST {
        return Err(AppError::invalid(format!("more than {MAX_TAGS_PER_REQUEST} tags in one request")));
    }
    let names: &BTreeSet<&String> = &tags.iter().collect();
    change_customer(services, organization, customer, |loaded: StoredCustomer| {
        Box::pin(async move {
            let now = services.clock.now();
            let mut next = loaded.customer.clone();
            for name in names {
                next.tag(name, ttl_s, 1, now)?;
            }
            let (write, stored) = replace(organization, &loaded, next);
            Ok(Change::Write(Box::new(write), stored))
        })
    })
    .await
}
