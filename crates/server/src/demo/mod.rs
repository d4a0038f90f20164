//! The demo organization, as `muster serve --demo` loads it: the folder `demo/`, compiled in.
//!
//! Its credentials are fixed and known to everybody. They are for trying things out on one's own machine, and the
//! server refuses to serve a demo to others.

pub mod connectivity;
mod customers;
pub mod dialler;
mod sim_campaign;
#[cfg(test)]
mod tests;

use crate::as_code::{Folder, Plan};
use crate::failure::{Failure, Outcome};
use muster_app::Services;
use muster_app::catalog::OrganizationSnapshot;
use muster_app::ports::ManagementToken;
use muster_app::secrets;
use muster_app::usecases::authoring::batch;
use muster_domain::ids::ApiKey;
use muster_domain::organization::App;
use std::sync::Arc;

pub use sim_campaign::centre;

/// The demo app's key. Known to everybody.
pub const API_KEY: &str = "demo-harbor-and-pine";
/// The demo app's secret. Known to everybody.
pub const SECRET: &str = "demo-secret-known-to-everybody";
/// The demo app's bearer token. Known to everybody.
pub const BEARER: &str = "demo-bearer-known-to-everybody";
/// The demo organization's management token. Known to everybody.
pub const MANAGEMENT_TOKEN: &str = "demo-management-known-to-everybody";

const APP_NAME: &str = "Demo app";

/// The folder's files: the organization, then the campaigns.
const FILES: [(&str, &str); 9] = [
    ("organization.yaml", include_str!("../../../../demo/organization.yaml")),
    ("come-back.yaml", include_str!("../../../../demo/campaigns/come-back.yaml")),
    ("daily-trail.yaml", include_str!("../../../../demo/campaigns/daily-trail.yaml")),
    ("double-points.yaml", include_str!("../../../../demo/campaigns/double-points.yaml")),
    ("five-peaks.yaml", include_str!("../../../../demo/campaigns/five-peaks.yaml")),
    ("gold-preview.yaml", include_str!("../../../../demo/campaigns/gold-preview.yaml")),
    ("trail-challenge.yaml", include_str!("../../../../demo/campaigns/trail-challenge.yaml")),
    ("welcome.yaml", include_str!("../../../../demo/campaigns/welcome.yaml")),
    ("winter-sale.yaml", include_str!("../../../../demo/campaigns/winter-sale.yaml")),
];

const CUSTOMERS: &str = include_str!("../../../../demo/customers.ndjson");

/// What to try the demo with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemoCredentials {
    /// The organization's name.
    pub organization: String,
    /// Its id, for addresses of the management API.
    pub organization_id: i64,
    /// The demo app's key.
    pub api_key: &'static str,
    /// The demo app's secret.
    pub secret: &'static str,
    /// The demo app's bearer token.
    pub bearer: &'static str,
    /// Opens the management API for this organization.
    pub management_token: &'static str,
    /// The client's own id of a customer to begin with.
    pub customer: String,
}

/// Loads the demo, or finds it loaded: repeating it changes nothing that is there, and completes what an interrupted
/// load left out. A store that holds anything else is left alone: credentials that everybody knows have no place in it.
pub async fn load(services: &Services) -> Outcome<DemoCredentials> {
    let folder = Folder::parse(&FILES)?;
    let name = folder.organization.name.clone();
    let existing = services.catalog.organizations();
    if let Some(other) = existing.iter().find(|snapshot| !is_demo(snapshot)) {
        return Err(Failure::new(
            "load the demo",
            format!("the store holds the organization {:?}", other.organization.name),
        )
        .advise("leave out --data-dir and --database-url to use a temporary store, or name an empty one"));
    }
    let organization = match existing.first() {
        Some(snapshot) => Arc::clone(snapshot),
        None => create(services, &folder).await?,
    };
    let customer = customers::load(services, &organization, CUSTOMERS).await?;
    connectivity::load(services, organization.id()).await?;
    sim_campaign::load(services).await?;
    dialler::load(services, organization.id()).await?;
    Ok(DemoCredentials {
        organization_id: organization.id().0,
        organization: name,
        api_key: API_KEY,
        secret: SECRET,
        bearer: BEARER,
        management_token: MANAGEMENT_TOKEN,
        customer,
    })
}

fn is_demo(snapshot: &OrganizationSnapshot) -> bool {
    snapshot.app(&ApiKey(API_KEY.to_owned())).is_some()
}

/// Makes the organization with campaigns, app and token in one transaction, so that it is whole or not there.
async fn create(services: &Services, folder: &Folder) -> Outcome<Arc<OrganizationSnapshot>> {
    let refused = |error: &dyn std::fmt::Display| Failure::new("load the demo", error);
    let plan = Plan::make(services, folder, false)?;
    let mut batch = plan.into_batch(services).await.map_err(|error| refused(&error))?;
    let now = services.clock.now();
    batch.apps.push(App {
        api_key: ApiKey(API_KEY.to_owned()),
        name: APP_NAME.to_owned(),
        secret_sha256: secrets::digest(SECRET),
        bearer_sha256: secrets::digest(BEARER),
        created_at: now,
        rotated_at: None,
        revoked: false,
    });
    batch.tokens.push(ManagementToken {
        sha256: secrets::digest(MANAGEMENT_TOKEN),
        organization: Some(batch.organization.id),
        name: APP_NAME.to_owned(),
        created_at: now,
    });
    batch::apply(services, batch).await.map_err(|error| refused(&error))
}
