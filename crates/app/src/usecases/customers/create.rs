//! A customer comes into being.

use super::names_of;
use crate::catalog::OrganizationSnapshot;
use crate::ports::{CustomerWrite, Expected, StoredCustomer};
use crate::usecases::change_customer::commit_one;
use crate::usecases::ingest::take_in_new;
use crate::{AppResult, Services, tracking};
use muster_domain::customer::{Customer, ProfilePatch};
use muster_domain::ids::CustomerId;
use uuid::Uuid;

/// The platform event that every creation raises (contract N1).
pub const CREATED_EVENT: &str = "__platform.user.created";

/// Version of an aggregate that was written once.
const FIRST_VERSION: u64 = 1;

/// Creates a registered customer under a new random id. The platform event of it, and whatever that event sets off,
/// is committed with the customer or not at all. An identity that somebody else has is refused as
/// [`crate::AppError::Duplicate`] (contract row H11).
pub async fn create_customer(
    services: &Services,
    organization: &OrganizationSnapshot,
    patch: &ProfilePatch,
) -> AppResult<StoredCustomer> {
    let id = CustomerId(services.entropy.uuid());
    let customer = Customer::create(patch, new_tracking_id(services, id), services.clock.now())?;
    let (write, stored) = birth(services, organization, id, customer, true)?;
    commit_one(services, write).await?;
    Ok(stored)
}

/// The write that brings a customer into being, and the customer as it then is.
pub(crate) fn birth(
    services: &Services,
    organization: &OrganizationSnapshot,
    id: CustomerId,
    customer: Customer,
    announce: bool,
) -> AppResult<(CustomerWrite, StoredCustomer)> {
    let mut stored = StoredCustomer { id, version: FIRST_VERSION, customer };
    let mut write = CustomerWrite::new(organization.id(), id, Expected::Absent, None);
    write.add_names = names_of(&stored.customer.profile).into_iter().collect();
    if announce {
        let applied = take_in_new(services, organization, &stored, CREATED_EVENT)?;
        stored.customer = applied.customer;
        write.events = applied.events;
        write.outcomes = applied.outcomes;
        write.places = applied.places;
    }
    write.customer = Some(stored.customer.clone());
    Ok((write, stored))
}

/// A tracking id for a new customer.
pub(crate) fn new_tracking_id(services: &Services, id: CustomerId) -> Uuid {
    let mut random = [0; 4];
    services.entropy.fill(&mut random);
    tracking::new_tracking_id(id, random)
}
