//! Whose phones may register: the agents of all client accounts.

use async_trait::async_trait;
use muster_app::Services;
use muster_app::ports::{AgentDigest, AgentDirectory};
use muster_domain::calls::client::of_phone_username;
use std::sync::Arc;

/// The agents in the store.
pub struct StoredAgents(Arc<Services>);

impl StoredAgents {
    /// Those of this store.
    pub fn new(services: Arc<Services>) -> Self {
        Self(services)
    }
}

#[async_trait]
impl AgentDirectory for StoredAgents {
    async fn digest(&self, username: &str) -> Option<AgentDigest> {
        let (client, uid) = of_phone_username(username)?;
        match self.0.calls.agent(client, uid).await {
            Ok(agent) => {
                agent.map(|agent| AgentDigest { md5: agent.digest_md5, sha256: agent.digest_sha256 })
            }
            Err(error) => {
                tracing::warn!(%error, "an agent's phone cannot register: the store cannot be read");
                None
            }
        }
    }
}
