//! From settings to the state that use cases are handed.

use crate::cli::StoreFlags;
use crate::config::Config;
use crate::failure::{Failure, Outcome};
use crate::store;
use muster_app::catalog::OrganizationSnapshot;
use muster_app::ports::{OsEntropy, PageOf, SystemClock};
use muster_app::usecases::connectivity::{ConnectivityError, operators};
use muster_app::usecases::dialler::{self, DiallerError};
use muster_app::{RouteRate, Services, Settings};
use muster_domain::account::Account;
use muster_domain::calls::campaign::CallCampaign;
use muster_domain::ids::{AccountId, CallCampaignId, ClientId};
use muster_drivers::sms::RouteSettings;
use std::sync::Arc;
use uuid::Uuid;

/// Opens the store and loads what is configured in it. `base_url` begins the links that answers carry.
pub async fn start(config: &Config, base_url: String) -> Outcome<Arc<Services>> {
    let store = store::open(config).await?;
    let settings = Settings {
        public_base_url: base_url,
        client_token_ttl_s: u32::try_from(config.engagement.client_token_ttl_s).unwrap_or(u32::MAX),
        card_keys: crate::card_key::find(config)?,
        routes: config.sim.routes.iter().map(rate).collect(),
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

fn rate(route: &RouteSettings) -> RouteRate {
    RouteRate { name: route.name.clone(), segments_per_s: route.segments_per_second }
}

/// Opens the store, does a piece of work beside a server or without one, and closes the store.
pub async fn while_open<T>(
    flags: &StoreFlags,
    work: impl AsyncFnOnce(&Services) -> Outcome<T>,
) -> Outcome<T> {
    let services = offline(&flags.load()?).await?;
    let done = work(&services).await;
    services.store.close().await;
    done
}

/// A refusal of something that was attempted, with advice where the store failed.
pub fn refused(attempted: &str, error: &ConnectivityError) -> Failure {
    match error {
        ConnectivityError::Store(error) => store::explain(attempted, error),
        other => Failure::new(attempted, other),
    }
}

/// A refusal of something of the dialler side, with advice where there is some.
pub fn dialler_refused(attempted: impl Into<String>, error: &DiallerError) -> Failure {
    let attempted = attempted.into();
    let advice = match error {
        DiallerError::Store(error) => return store::explain(&attempted, error),
        DiallerError::ClientNotFound => "`muster client list` shows them; `muster client create` makes one",
        DiallerError::AgentNotFound => "`muster agent list` shows them",
        DiallerError::PromptNotFound => "`muster prompt list` shows them",
        DiallerError::PolicyNotFound => "`muster policy list` and `muster policy presets` show them",
        DiallerError::CampaignNotFound => "`muster call-campaign list` shows them",
        DiallerError::Contended => "try again",
        _ => return Failure::new(attempted, error),
    };
    Failure::new(attempted, error).advise(advice)
}

/// The client account's call campaign of that id, or else of that name.
pub async fn call_campaign(services: &Services, of: ClientId, text: &str) -> Outcome<CallCampaign> {
    let attempted = format!("find the call campaign {text:?}");
    let failed = |error: DiallerError| dialler_refused(&attempted, &error);
    dialler::client(services, of).await.map_err(failed)?;
    if let Ok(id) = text.parse() {
        match dialler::campaign(services, of, CallCampaignId(id)).await {
            Err(DiallerError::CampaignNotFound) => {}
            found => return found.map(|campaign| campaign.value).map_err(failed),
        }
    }
    let all = dialler::campaigns(services, of).await.map_err(failed)?;
    all.into_iter()
        .find(|campaign| campaign.name == text)
        .ok_or_else(|| failed(DiallerError::CampaignNotFound))
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

/// The organization's account of that id or, among root accounts and those right below them, of that name.
pub async fn account(
    services: &Services,
    organization: &OrganizationSnapshot,
    text: &str,
) -> Outcome<Account> {
    let attempted = format!("find the account {text:?}");
    let failed = |error: ConnectivityError| refused(&attempted, &error);
    if let Ok(id) = Uuid::try_parse(text) {
        let found = operators::account(services, organization.id(), AccountId(id)).await.map_err(failed)?;
        return Ok(found.value);
    }
    let mut named = Vec::new();
    let roots = services.sims.root_accounts(organization.id()).await;
    for root in roots.map_err(|error| store::explain(&attempted, &error))? {
        let mut page = PageOf { number: 1, size: 500 };
        loop {
            let below = services.sims.child_accounts(root.id, page).await;
            let below = below.map_err(|error| store::explain(&attempted, &error))?;
            named.extend(below.rows.into_iter().filter(|account| account.name == text));
            if page.skip() + u64::from(page.size) >= below.total {
                break;
            }
            page.number += 1;
        }
        if root.name == text {
            named.push(root);
        }
    }
    match <[Account; 1]>::try_from(named) {
        Ok([account]) => Ok(account),
        Err(none) if none.is_empty() => {
            Err(Failure::new(attempted, "the organization has none of that name")
                .advise("`muster account list` shows them; `muster account create` makes one"))
        }
        Err(several) => Err(Failure::new(attempted, format!("{} accounts have that name", several.len()))
            .advise("name it by its id; `muster account list` shows them")),
    }
}
