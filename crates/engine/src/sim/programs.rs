//! Templates and card profiles as last read, and the programs made of them.

use muster_app::ports::{SimStore, StoreResult};
use muster_app::sim_program::{CompileError, Program, compile};
use muster_domain::ids::{OrganizationId, TemplateId};
use muster_domain::sim::{CardProfile, Template};
use muster_domain::time::UnixMillis;
use parking_lot::RwLock;
use std::collections::HashMap;
use std::sync::Arc;

/// How long a profile is believed to be as it was read. Templates never change.
const PROFILE_MS: i64 = 2000;

/// A template for the cards of a profile, or why it cannot be made for them.
pub(super) struct Plan {
    /// The template.
    pub(super) template: Arc<Template>,
    /// The profile.
    pub(super) profile: Arc<CardProfile>,
    /// The packets.
    pub(super) program: Result<Program, CompileError>,
}

#[derive(Default)]
struct Known {
    templates: HashMap<TemplateId, Arc<Template>>,
    plans: HashMap<(OrganizationId, TemplateId, String), (Arc<Plan>, UnixMillis)>,
}

/// Plans by template and profile.
#[derive(Default)]
pub(super) struct Programs(RwLock<Known>);

impl Programs {
    /// The plan of a template for the cards of a profile; `Err` names what does not exist.
    pub(super) async fn get(
        &self,
        sims: &dyn SimStore,
        organization: OrganizationId,
        template: TemplateId,
        profile: &str,
        now: UnixMillis,
    ) -> StoreResult<Result<Arc<Plan>, String>> {
        let key = (organization, template, profile.to_owned());
        if let Some((plan, read_at)) = self.0.read().plans.get(&key)
            && now.since(*read_at).abs() < PROFILE_MS
        {
            return Ok(Ok(Arc::clone(plan)));
        }
        let known = self.0.read().templates.get(&template).cloned();
        let template = match known {
            Some(template) => template,
            None => match sims.template(template).await? {
                Some(found) => Arc::new(found),
                None => return Ok(Err(format!("there is no template {template}"))),
            },
        };
        let Some(profile) = profile_of(sims, organization, profile).await? else {
            return Ok(Err(format!("there is no card profile {profile:?}")));
        };
        let mut known = self.0.write();
        known.templates.insert(template.id, Arc::clone(&template));
        let plan = match known.plans.get(&key) {
            // A profile that did not change keeps its program.
            Some((plan, _)) if *plan.profile == profile => Arc::clone(plan),
            _ => {
                let program = compile(&template, &profile);
                Arc::new(Plan { template, profile: Arc::new(profile), program })
            }
        };
        known.plans.insert(key, (Arc::clone(&plan), now));
        Ok(Ok(plan))
    }
}

async fn profile_of(
    sims: &dyn SimStore,
    organization: OrganizationId,
    name: &str,
) -> StoreResult<Option<CardProfile>> {
    let stored = sims.card_profile(organization, name).await?;
    let usual = CardProfile::default();
    // The profile that needs no setting up exists in every organization.
    Ok(stored.or_else(|| (name == usual.name).then_some(usual)))
}
