//! Client accounts of the dialler face.

use crate::document::rfc3339;
use muster_domain::calls::client::Client;
use serde::Serialize;
use utoipa::ToSchema;

/// A client account: the tenant of call campaigns. Its token is never shown again.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = CallClient)]
pub(crate) struct ClientOutput {
    /// Its id, `ClientsID` of the dialler face.
    id: i64,
    /// Display name.
    name: String,
    /// IANA zone of its active times and time windows.
    zone: String,
    /// ISO 3166 code of the country whose numbers are written without a country code; may be empty.
    region: String,
    /// The calling policy of all its campaigns, beside one that a campaign names; `null` is none.
    policy: Option<String>,
    /// Whether it has a token for the dialler face.
    has_token: bool,
    /// When it was made.
    created_at: String,
}

impl ClientOutput {
    /// The account as it is stored.
    pub(crate) fn of(client: &Client) -> Self {
        Self {
            id: client.id.0,
            name: client.name.clone(),
            zone: client.zone.clone(),
            region: client.region.clone(),
            policy: client.policy.clone(),
            has_token: client.token_sha256.is_some(),
            created_at: rfc3339(client.created_at),
        }
    }
}
