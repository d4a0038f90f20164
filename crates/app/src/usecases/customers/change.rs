//! Changing a customer and deleting one.

use super::names_of;
use crate::catalog::OrganizationSnapshot;
use crate::ports::{CustomerName, CustomerWrite, PlaceChange, StoredCustomer};
use crate::usecases::change_customer::{Change, change_customer, replace, write_of};
use crate::usecases::select::CustomerSelector;
use crate::{AppError, AppResult, Services};
use muster_domain::customer::{Customer, Profile, ProfilePatch, Standing};
use std::collections::BTreeSet;

/// Changes the profile of a customer, and the names with it, all or nothing. Returns the customer after it.
pub async fn update_customer(
    services: &Services,
    organization: &OrganizationSnapshot,
    customer: &CustomerSelector,
    patch: &ProfilePatch,
) -> AppResult<StoredCustomer> {
    change_customer(services, organization, customer, |loaded: StoredCustomer| {
        Box::pin(async move {
            let mut next = loaded.customer.clone();
            if !next.change(patch, services.clock.now())? {
                return Ok(Change::Keep(loaded));
            }
            let (mut write, stored) = replace(organization, &loaded, next);
            rename(&mut write, &loaded.customer.profile, &stored.customer.profile);
            Ok(Change::Write(Box::new(write), stored))
        })
    })
    .await
}

/// What operators change about a customer and clients may only read; `None` leaves a fact as it is. See
/// [`crate::usecases::authoring::standing`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StandingPatch {
    /// Whether the account is active.
    pub activated: Option<bool>,
    /// Whether it never qualifies for anything.
    pub suspended: Option<bool>,
    /// Whether it gets no campaign messaging and no outcomes, while loyalty activity goes on.
    pub marketing_ceased: Option<bool>,
    /// Whether points go to the test balance.
    pub test_account: Option<bool>,
    /// Such as `good` or `warned`; at most [`StandingPatch::STATUS_BYTES_MAX`] bytes.
    pub account_status: Option<String>,
}

impl StandingPatch {
    /// Bytes of an account status.
    pub const STATUS_BYTES_MAX: usize = 64;

    /// Refuses an account status that cannot be.
    pub fn check(&self) -> AppResult<()> {
        match &self.account_status {
            Some(status)
                if status.is_empty() || status.len() > Self::STATUS_BYTES_MAX || status.contains('\0') =>
            {
                Err(AppError::invalid(format!(
                    "account_status must be of 1 to {} bytes and without NUL",
                    Self::STATUS_BYTES_MAX
                )))
            }
            _ => Ok(()),
        }
    }

    pub(crate) fn apply(&self, standing: &mut Standing) {
        let Self { activated, suspended, marketing_ceased, test_account, account_status } = self;
        let set = |slot: &mut bool, value: &Option<bool>| *slot = value.unwrap_or(*slot);
        set(&mut standing.activated, activated);
        set(&mut standing.suspended, suspended);
        set(&mut standing.marketing_ceased, marketing_ceased);
        set(&mut standing.test_account, test_account);
        if let Some(status) = account_status {
            standing.account_status.clone_from(status);
        }
    }
}

/// Deletes a customer with profile, tags, choices, progress, events and tokens, and gives back the places held
/// under opt-in limits. Returns the customer as it last was.
pub async fn delete_customer(
    services: &Services,
    organization: &OrganizationSnapshot,
    customer: &CustomerSelector,
) -> AppResult<StoredCustomer> {
    change_customer(services, organization, customer, |loaded: StoredCustomer| {
        Box::pin(async move {
            let mut write = write_of(organization, &loaded);
            write.customer = None;
            write.places = places_held(organization, &loaded.customer);
            Ok(Change::Write(Box::new(write), loaded))
        })
    })
    .await
}

/// The places to give back. A campaign that is gone counts none any more.
fn places_held(organization: &OrganizationSnapshot, customer: &Customer) -> Vec<PlaceChange> {
    customer
        .choices
        .iter()
        .filter(|(id, choice)| choice.opted_in && organization.campaign(**id).is_some())
        .map(|(id, _)| PlaceChange { campaign: *id, delta: -1, limit: None })
        .collect()
}

/// Adds the names that are new and removes those that are no more.
pub(super) fn rename(write: &mut CustomerWrite, before: &Profile, after: &Profile) {
    let (before, after) = (names_of(before), names_of(after));
    let only = |one: &BTreeSet<CustomerName>, other| one.difference(other).cloned().collect();
    write.add_names = only(&after, &before);
    write.remove_names = only(&before, &after);
}
