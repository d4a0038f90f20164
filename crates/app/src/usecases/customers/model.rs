//! The model of custom attributes: what each is called and meant to be (contract N2).

use crate::catalog::OrganizationSnapshot;
use crate::ports::{AttributeModel, CatalogRefusal, CatalogWrite};
use crate::{AppError, AppResult, Services};
use muster_domain::customer::check_attribute_definition;
use muster_domain::customer::limits::CUSTOM_ATTRIBUTES_MAX;
use muster_domain::ids::OrganizationId;
use serde_json::{Map, Value};

/// The model that every organization has from the start.
pub const DEFAULT_MODEL: &str = "user_profiles";

/// How often a change is made anew because somebody else changed the configuration meanwhile.
const MAX_TRIES: u32 = 8;

/// The model of that name; the default one is empty until attributes are defined.
pub fn read_model(organization: &OrganizationSnapshot, name: &str) -> AppResult<AttributeModel> {
    let stored = organization.models.iter().find(|model| model.name == name).cloned();
    let empty = || AttributeModel { name: name.to_owned(), version: 0, attributes: Map::new() };
    stored
        .or_else(|| (name == DEFAULT_MODEL).then(empty))
        .ok_or_else(|| AppError::NotFound { what: "model", id: name.to_owned() })
}

/// Adds definitions to a model, or replaces those of the same name. Definitions describe; values are not held to
/// them. Returns the model after it.
pub async fn add_attributes(
    services: &Services,
    organization: OrganizationId,
    name: &str,
    definitions: &Map<String, Value>,
) -> AppResult<AttributeModel> {
    for (attribute, definition) in definitions {
        check_attribute_definition(attribute, definition)?;
    }
    for _ in 0..MAX_TRIES {
        let gone = || AppError::NotFound { what: "organization", id: organization.to_string() };
        let snapshot = services.catalog.organization(organization).ok_or_else(gone)?;
        let mut model = read_model(&snapshot, name)?;
        let before = model.attributes.clone();
        model.attributes.extend(definitions.clone());
        if model.attributes == before {
            return Ok(model);
        }
        if model.attributes.len() > CUSTOM_ATTRIBUTES_MAX {
            return Err(AppError::invalid(format!(
                "the model would have more attributes than the limit of {CUSTOM_ATTRIBUTES_MAX}"
            )));
        }
        model.version += 1;
        let writes = vec![CatalogWrite::IfVersion(snapshot.version), CatalogWrite::Model(model.clone())];
        let written = services.store.write_catalog(organization, writes).await;
        services.catalog.reload(organization).await?;
        match written {
            Ok(_) => return Ok(model),
            Err(CatalogRefusal::Stale { .. }) => {}
            Err(refusal) => return Err(refusal.into()),
        }
    }
    Err(AppError::Stale("attribute model"))
}
