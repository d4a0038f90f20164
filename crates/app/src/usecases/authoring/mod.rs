//! Authoring: organizations, divisions, apps, tokens, campaigns and their life cycle.
//!
//! Every write goes through one door, `commit`: the change and the answer to remember are one transaction, and
//! the compiled snapshot is read again before the caller hears of it, so that a node reads its own writes.

pub mod apps;
pub mod batch;
pub mod campaigns;
pub mod divisions;
mod error;
pub mod ids;
pub mod life_cycle;
pub mod models;
pub mod organizations;
pub mod replay;
pub mod standing;
pub mod tokens;

pub use error::{AuthoringError, AuthoringResult};

use crate::catalog::OrganizationSnapshot;
use crate::ports::{CatalogWrite, StoredReply};
use crate::{AppError, Services};
use muster_domain::ids::OrganizationId;
use std::fmt::Display;
use std::sync::Arc;

/// Makes the answer to remember under an idempotency key out of what was done; `None` without a key. It may be
/// asked more than once, when somebody else writes in between and the change is made anew.
pub type Remember<'a, T> = &'a (dyn Fn(&T) -> Option<StoredReply> + Send + Sync);

/// Remembers nothing.
pub fn forget<T>(_: &T) -> Option<StoredReply> {
    None
}

/// An entity with the version to expect when writing it back.
#[derive(Debug, Clone, PartialEq)]
pub struct Versioned<T> {
    /// The entity.
    pub value: T,
    /// Grows by one with each write.
    pub version: u64,
}

/// Tries before a write that others keep overtaking is given up.
const MAX_TRIES: u32 = 8;

/// The organization as the store has it now, whichever node changed it last.
pub async fn current(
    services: &Services,
    organization: OrganizationId,
) -> AuthoringResult<Arc<OrganizationSnapshot>> {
    services.catalog.refresh().await.map_err(AppError::Store)?;
    services.catalog.organization(organization).ok_or_else(|| no_organization(organization))
}

fn no_organization(id: OrganizationId) -> AuthoringError {
    not_found("organization", &id)
}

fn not_found(what: &'static str, id: &dyn Display) -> AuthoringError {
    AuthoringError::App(AppError::NotFound { what, id: id.to_string() })
}

/// Writes everything or nothing, then reads the organization again. The remembered answer comes first: a repeated
/// request is then recognised as such before its change is refused as a duplicate of itself.
async fn commit(
    services: &Services,
    organization: OrganizationId,
    reply: Option<StoredReply>,
    changes: Vec<CatalogWrite>,
) -> AuthoringResult<()> {
    let writes = reply.map(CatalogWrite::Reply).into_iter().chain(changes).collect();
    services.store.write_catalog(organization, writes).await?;
    if let Err(error) = services.catalog.reload(organization).await {
        // The change is durable, and to call it a failure would be a lie; the follower reads it later.
        tracing::warn!(%error, %organization, "a change was written, but could not be read back yet");
    }
    Ok(())
}

/// What a decision wants written: the answer to remember, the changes, and what the caller gets.
type Decided<T> = (Option<StoredReply>, Vec<CatalogWrite>, T);

/// Decides on the organization as it is now and writes under the condition that it still is; decides anew when
/// somebody else was faster.
async fn guarded<T>(
    services: &Services,
    organization: OrganizationId,
    decide: impl Fn(&OrganizationSnapshot) -> AuthoringResult<Decided<T>>,
) -> AuthoringResult<T> {
    let _turn = services.authoring.lock().await;
    for _ in 0..MAX_TRIES {
        let snapshot = current(services, organization).await?;
        let (reply, changes, value) = decide(&snapshot)?;
        if let Some(()) = commit_if(services, &snapshot, reply, changes).await? {
            return Ok(value);
        }
    }
    Err(AuthoringError::App(AppError::Contended))
}

/// Writes if the organization's configuration is still the one of the snapshot; `None` if it is not.
async fn commit_if(
    services: &Services,
    snapshot: &OrganizationSnapshot,
    reply: Option<StoredReply>,
    changes: Vec<CatalogWrite>,
) -> AuthoringResult<Option<()>> {
    let writes = std::iter::once(CatalogWrite::IfVersion(snapshot.version)).chain(changes).collect();
    match commit(services, snapshot.id(), reply, writes).await {
        Err(AuthoringError::App(AppError::Stale("organization"))) => Ok(None),
        other => other.map(Some),
    }
}
