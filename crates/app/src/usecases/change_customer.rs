//! Load, decide, save: the loop that every change of a customer goes through.

use super::select::{CustomerSelector, load_customer};
use crate::catalog::OrganizationSnapshot;
use crate::ports::{CommitRefusal, CustomerWrite, Expected, StoredCustomer};
use crate::{AppError, AppResult, Services};
use muster_domain::customer::Customer;
use std::pin::Pin;

/// How often a change is decided anew because another node was faster, before the caller is told.
pub(crate) const MAX_TRIES: u32 = 32;

/// What a decision came to.
pub enum Change<T> {
    /// Nothing to write.
    Keep(T),
    /// Write this, then answer.
    Write(Box<CustomerWrite>, T),
}

/// A decision under way. It is boxed because the compiler cannot yet show that the future of an async closure over
/// borrowed values may move between threads.
pub type Deciding<'a, T> = Pin<Box<dyn Future<Output = AppResult<Change<T>>> + Send + 'a>>;

/// A write that replaces the loaded aggregate.
pub fn write_of(organization: &OrganizationSnapshot, loaded: &StoredCustomer) -> CustomerWrite {
    CustomerWrite::new(
        organization.id(),
        loaded.id,
        Expected::Version(loaded.version),
        Some(loaded.customer.clone()),
    )
}

/// A write that puts `next` in the place of the loaded aggregate, and the customer as it is after that.
pub(crate) fn replace(
    organization: &OrganizationSnapshot,
    loaded: &StoredCustomer,
    next: Customer,
) -> (CustomerWrite, StoredCustomer) {
    let expected = Expected::Version(loaded.version);
    let write = CustomerWrite::new(organization.id(), loaded.id, expected, Some(next.clone()));
    (write, StoredCustomer { id: loaded.id, version: loaded.version + 1, customer: next })
}

/// Loads the customer, lets `decide` say what becomes of it, and commits. If somebody else wrote in between, loads
/// and decides again.
pub async fn change_customer<'a, T>(
    services: &Services,
    organization: &OrganizationSnapshot,
    selector: &CustomerSelector,
    mut decide: impl FnMut(StoredCustomer) -> Deciding<'a, T>,
) -> AppResult<T> {
    let first = load_customer(services, organization, selector).await?;
    let by_id = CustomerSelector::Id(first.id);
    let _turn = services.locks.lock(organization.id(), first.id).await;
    for _ in 0..MAX_TRIES {
        let loaded = load_customer(services, organization, &by_id).await?;
        match decide(loaded).await? {
            Change::Keep(answer) => return Ok(answer),
            Change::Write(write, answer) => match commit_one(services, *write).await {
                Ok(()) => return Ok(answer),
                Err(CommitRefusal::Stale) => {}
                Err(refusal) => return Err(refusal.into()),
            },
        }
    }
    Err(AppError::Contended)
}

/// Commits a single write.
pub(crate) async fn commit_one(services: &Services, write: CustomerWrite) -> Result<(), CommitRefusal> {
    let mut results = services.store.commit(vec![write]).await;
    match results.pop() {
        Some(result) => result,
        None => Err(CommitRefusal::Store(crate::ports::StoreError::Internal(
            "the store gave no answer to a write".to_owned(),
        ))),
    }
}
