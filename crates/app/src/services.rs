//! What every use case is handed: the store, the compiled catalog, time, randomness and settings.

use crate::card_keys::{CardKeyError, CardKeys};
use crate::catalog::Catalog;
use crate::locks::CustomerLocks;
use crate::passwords::Passwords;
use crate::ports::{CallStore, Clock, Desk, DeskRefusal, Entropy, SimStore, Store, StoreResult};
use std::sync::{Arc, OnceLock};

/// How fast a route to message centres sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteRate {
    /// Its name.
    pub name: String,
    /// Messages a second that its account may send.
    pub segments_per_s: u32,
}

/// Settings that use cases need.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Scheme and host in front of emitted URLs, without a trailing slash, unless the organization has its own.
    pub public_base_url: String,
    /// Seconds that a client token is valid.
    pub client_token_ttl_s: u32,
    /// Seconds that a token of the connectivity face is valid.
    pub api_token_ttl_s: u32,
    /// The key under which keys of SIM cards are kept; without it none can be loaded or used.
    pub card_keys: Option<CardKeys>,
    /// The routes that SIM campaigns are sent over; estimates are made by them.
    pub routes: Vec<RouteRate>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            public_base_url: "http://127.0.0.1:8080".to_owned(),
            client_token_ttl_s: 24 * 3600,
            api_token_ttl_s: 3600,
            card_keys: None,
            routes: Vec::new(),
        }
    }
}

/// The shared state of a running Muster.
pub struct Services {
    /// What survives.
    pub store: Arc<dyn Store>,
    /// What survives of accounts, SIM cards and SIM campaigns.
    pub sims: Arc<dyn SimStore>,
    /// What survives of client accounts, call campaigns, contacts and calls.
    pub calls: Arc<dyn CallStore>,
    /// Configuration, compiled for reading.
    pub catalog: Catalog,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// Settings.
    pub settings: Settings,
    /// Passwords of users, hashed and checked.
    pub passwords: Passwords,
    /// The desk of this node, once it places calls.
    desk: OnceLock<Arc<dyn Desk>>,
    pub(crate) locks: CustomerLocks,
    /// Writers of configuration on one node take turns, so that they do not overtake each other's versions in vain.
    /// Correctness does not depend on it: the store compares versions.
    pub(crate) authoring: tokio::sync::Mutex<()>,
}

impl Services {
    /// Loads the catalog from the store and is ready to serve.
    pub async fn start(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        settings: Settings,
    ) -> StoreResult<Arc<Self>> {
        let catalog = Catalog::load(Arc::clone(&store)).await?;
        Ok(Arc::new(Self {
            sims: store.sims(),
            calls: store.calls(),
            store,
            catalog,
            clock,
            entropy,
            settings,
            passwords: Passwords::default(),
            desk: OnceLock::new(),
            locks: CustomerLocks::default(),
            authoring: tokio::sync::Mutex::default(),
        }))
    }

    /// The desk of this node; refused where it places no calls.
    pub fn desk(&self) -> Result<&Arc<dyn Desk>, DeskRefusal> {
        self.desk.get().ok_or(DeskRefusal::NotDialling)
    }

    /// Makes the desk known. Only the first one counts.
    pub fn open_desk(&self, desk: Arc<dyn Desk>) {
        // A second engine on one node would be a defect of the assembly; the first one goes on working.
        let _ = self.desk.set(desk);
    }

    /// The key under which keys of SIM cards are kept.
    pub fn card_keys(&self) -> Result<&CardKeys, CardKeyError> {
        self.settings.card_keys.as_ref().ok_or(CardKeyError::NoCardKey)
    }
}
