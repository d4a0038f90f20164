//! Writers of one customer on one node take turns, so that they do not waste work on stale versions. Correctness
//! does not depend on it: the store compares versions.

use muster_domain::ids::{CustomerId, OrganizationId};
use rustc_hash::FxHasher;
use std::hash::{Hash, Hasher};
use tokio::sync::{Mutex, MutexGuard};

const STRIPES: usize = 1024;

pub(crate) struct CustomerLocks(Vec<Mutex<()>>);

impl Default for CustomerLocks {
    fn default() -> Self {
        Self((0..STRIPES).map(|_| Mutex::new(())).collect())
    }
}

impl CustomerLocks {
    pub(crate) async fn lock(&self, organization: OrganizationId, id: CustomerId) -> MutexGuard<'_, ()> {
        let mut hasher = FxHasher::default();
        (organization, id).hash(&mut hasher);
        self.0[(hasher.finish() >> 32) as usize % STRIPES].lock().await
    }
}
