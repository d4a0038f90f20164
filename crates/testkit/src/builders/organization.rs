use super::NOW;
use muster_app::ports::Entropy;
use muster_app::secrets;
use muster_domain::ids::{ApiKey, OrganizationId};
use muster_domain::organization::{App, Organization};

/// An organization without divisions, in UTC.
pub fn organization(id: OrganizationId, name: &str) -> Organization {
    Organization {
        id,
        name: name.to_owned(),
        multi_org: false,
        time_zone: "UTC".to_owned(),
        public_base_url: None,
        tracking_secret: format!("tracking secret of {name}"),
        created_at: NOW,
    }
}

/// An app with the secrets that the store keeps as digests only.
#[derive(Debug, Clone)]
pub struct NewApp {
    /// What is stored.
    pub app: App,
    /// The key, as callers send it.
    pub api_key: String,
    /// The secret, as callers send it.
    pub secret: String,
    /// The bearer token, as callers send it.
    pub bearer: String,
}

/// An app with that key.
pub fn app(entropy: &dyn Entropy, name: &str, api_key: &str) -> NewApp {
    let (secret, bearer) = (secrets::new_secret(entropy), secrets::new_bearer(entropy, "app"));
    let app = App {
        api_key: ApiKey(api_key.to_owned()),
        name: name.to_owned(),
        secret_sha256: secrets::digest(&secret),
        bearer_sha256: secrets::digest(&bearer),
        created_at: NOW,
        rotated_at: None,
        revoked: false,
    };
    NewApp { app, api_key: api_key.to_owned(), secret, bearer }
}
