//! What the handlers share.

use muster_app::Services;
use muster_web::Limits;
use std::sync::Arc;

/// The face's state: the use cases' services and the face's limits. Cloning shares it.
#[derive(Clone)]
pub struct DiallerState(Arc<Shared>);

struct Shared {
    services: Arc<Services>,
    limits: Limits,
}

impl DiallerState {
    /// A face in front of these services.
    pub fn new(services: Arc<Services>, limits: Limits) -> Self {
        Self(Arc::new(Shared { services, limits }))
    }

    pub(crate) fn services(&self) -> &Arc<Services> {
        &self.0.services
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.0.limits
    }
}
