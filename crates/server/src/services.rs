//! From settings to the state that use cases are handed.

use crate::config::Config;
use crate::failure::{Failure, Outcome};
use crate::store;
use muster_app::catalog::OrganizationSnapshot;
use muster_app::ports::{OsEntropy, SystemClock};
use muster_app::{Services, Settings};
use std::sync::Arc;

/// Opens the store and loads what is configured in it. `base_url` begins the links that answers carry.
pub async fn start(config: &Config, base_url: String) -> Outcome<Arc<Services>> {
    let store = store::open(config).await?;
    let settings = Settings {
        public_base_url: base_url,
        client_token_ttl_s: u32::try_from(config.engagement.client_token_ttl_s).unwrap_or(u32::MAX),
        card_keys: crate::card_key::find(config)?,
        ..Settings::default()
    };
    Services::start(store, Arc::new(SystemClock), Arc::new(OsEntropy), settings)
        .await
        .map_err(|error| store::explain("load the configuration from the store", &error))
}

/// The same for a command that works beside a server, or without one. Whoever calls it closes the store.
pub async fn offline(config: &Config) -> Outcome<Arc<Services>> {
    start(config, config.server.base_url(config.server.listen)).await
}

/// The organization of that name.
pub fn organization(services: &Services, name: &str) -> Outcome<Arc<OrganizationSnapshot>> {
    let all = services.catalog.organizations();
    if let Some(found) = all.iter().find(|snapshot| snapshot.organization.name == name) {
        return Ok(Arc::clone(found));
    }
    let known: Vec<_> = all.iter().map(|snapshot| format!("{:?}", snapshot.organization.name)).collect();
    let advice = if known.is_empty() {
        "there is none yet; `muster app create` makes one".to_owned()
    } else {
        format!("known are {}", known.join(", "))
    };
    Err(Failure::new(format!("find the organization {name:?}"), "the store does not have it").advise(advice))
}
