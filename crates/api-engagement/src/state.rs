//! What the handlers share.

use crate::error::ErrorCodeCase;
use muster_app::Services;
use muster_web::Limits;
use std::sync::Arc;

/// The face's state: the use cases' services and the face's own settings. Cloning shares it.
#[derive(Clone)]
pub struct EngagementState(Arc<Shared>);

struct Shared {
    services: Arc<Services>,
    error_code_case: ErrorCodeCase,
    limits: Limits,
}

impl EngagementState {
    /// A face in front of these services.
    pub fn new(services: Arc<Services>, error_code_case: ErrorCodeCase, limits: Limits) -> Self {
        Self(Arc::new(Shared { services, error_code_case, limits }))
    }

    pub(crate) fn services(&self) -> &Arc<Services> {
        &self.0.services
    }

    pub(crate) fn error_code_case(&self) -> ErrorCodeCase {
        self.0.error_code_case
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.0.limits
    }
}
