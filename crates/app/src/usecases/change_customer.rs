//! Load, decide, save: the loop that every change of a customer goes through.

use super::select::{CustomerSelector, customer_id, load_customer};
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
    let id = customer_id(services, organization, selector).await?;
    let _turn = services.locks.lock(organization.id(), id).await;
    for _ in 0..MAX_TRIES {
        let loaded = load_customer(services, organization, &CustomerSelector::Id(id)).await?;
        if let Some(answer) = settle(services, decide(loaded).await?).await? {
            return Ok(answer);
        }
    }
    Err(AppError::Contended)
}

/// Commits what was decided; `None` if somebody else was faster and it has to be decided anew.
pub(crate) async fn settle<T>(services: &Services, change: Change<T>) -> AppResult<Option<T>> {
    match change {
        Change::Keep(answer) => Ok(Some(answer)),
        Change::Write(write, answer) => match commit_one(services, *write).await {
            Ok(()) => Ok(Some(answer)),
            Err(CommitRefusal::Stale) => Ok(None),
            Err(refusal) => Err(refusal.into()),
        },
    }
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
