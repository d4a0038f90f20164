//! Definitions of custom attributes.

use super::{AuthoringError, AuthoringResult, Remember, guarded};
use crate::Services;
use crate::ports::{AttributeModel, CatalogWrite};
use muster_domain::customer::check_attribute_definition;
use muster_domain::customer::limits::CUSTOM_ATTRIBUTES_MAX;
use muster_domain::ids::OrganizationId;
use serde_json::{Map, Value};

/// Models of one organization.
pub const MAX_MODELS: usize = 50;

/// Replaces a model's definitions, or creates it. Its version grows when they differ.
pub async fn put(
    services: &Services,
    organization: OrganizationId,
    name: &str,
    attributes: Map<String, Value>,
    unchanged: impl Fn(Option<&AttributeModel>) -> bool,
    remember: Remember<'_, AttributeModel>,
) -> AuthoringResult<AttributeModel> {
    super::organizations::check_name("name", name)?;
    if attributes.len() > CUSTOM_ATTRIBUTES_MAX {
        return Err(AuthoringError::field(
            "attributes",
            format!("has more than {CUSTOM_ATTRIBUTES_MAX} elements"),
        ));
    }
    for (attribute, definition) in &attributes {
        check_attribute_definition(attribute, definition).map_err(crate::AppError::from)?;
    }
    guarded(services, organization, |snapshot| {
        let stored = snapshot.models.iter().find(|model| model.name == name);
        if !unchanged(stored) {
            return Err(AuthoringError::stale("model"));
        }
        if stored.is_none() && snapshot.models.len() >= MAX_MODELS {
            return Err(AuthoringError::Conflict(format!(
                "the organization has {MAX_MODELS} models already"
            )));
        }
        let same = stored.is_some_and(|model| model.attributes == attributes);
        let version = stored.map_or(0, |model| model.version) + u64::from(!same);
        let model = AttributeModel { name: name.to_owned(), version, attributes: attributes.clone() };
        Ok((remember(&model), vec![CatalogWrite::Model(model.clone())], model))
    })
    .await
}
