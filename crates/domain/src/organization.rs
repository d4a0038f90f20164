//! Organizations, divisions and digital properties.

use crate::ids::{ApiKey, DivisionId, OrganizationId};
use crate::time::UnixMillis;
use serde::{Deserialize, Serialize};

/// A tenant and its settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organization {
    /// Its identifier.
    pub id: OrganizationId,
    /// Unique name.
    pub name: String,
    /// Whether divisions are in use (`division_id` and `division_ids` on the wire).
    pub multi_org: bool,
    /// IANA zone for calendar-day rules of customers without their own (contract rule B10).
    pub time_zone: String,
    /// Scheme and host in front of every URL that this organization's answers carry, without a trailing slash;
    /// `None` takes the server's own.
    pub public_base_url: Option<String>,
    /// Key under which the ids in tracking URLs are derived; random, never shown.
    pub tracking_secret: String,
    /// When it was created.
    pub created_at: UnixMillis,
}

/// A sub-organization a campaign may be assigned to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Division {
    /// Its identifier, unique in the organization.
    pub id: DivisionId,
    /// Display name.
    pub name: String,
}

/// A digital property: one `api_key` with its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct App {
    /// The key in the path and the Basic user name.
    pub api_key: ApiKey,
    /// Display name, unique in the organization.
    pub name: String,
    /// SHA-256 of the server-to-server secret, hexadecimal; the secret itself is shown once and not stored.
    pub secret_sha256: String,
    /// SHA-256 of the bearer token, hexadecimal.
    pub bearer_sha256: String,
    /// When it was created.
    pub created_at: UnixMillis,
    /// When its secrets were last replaced.
    pub rotated_at: Option<UnixMillis>,
    /// A revoked app authenticates nobody.
    pub revoked: bool,
}
