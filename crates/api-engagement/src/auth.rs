//! Who may ask: the app of the path's key, proven by its secret (§2.2).

use crate::error::Fault;
use crate::state::EngagementState;
use axum::http::HeaderMap;
use muster_app::catalog::OrganizationSnapshot;
use muster_app::{AppError, Services, secrets};
use muster_domain::ids::ApiKey;
use muster_domain::organization::App;
use muster_web::{Credentials, CredentialsError};
use std::sync::Arc;

/// Longest key that is looked for in the store; ours have 40 digits.
const API_KEY_MAX_BYTES: usize = 255;

/// What a path asks of its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Server to server: the app's secret or bearer token.
    Server,
    /// A client: the `auth_token` of the query, which the selection of the customer checks.
    Client,
    /// Nobody in particular: the address itself holds what cannot be guessed.
    Address,
}

/// The organization behind the path's key, once the caller has shown what `access` asks for.
pub(crate) async fn admit(
    state: &EngagementState,
    access: Access,
    api_key: &str,
    headers: &HeaderMap,
) -> Result<Arc<OrganizationSnapshot>, Fault> {
    let key = ApiKey(api_key.to_owned());
    let organization = organization_of(state.services(), &key).await?;
    let app = organization.app(&key).ok_or(Fault::UnknownApp)?;
    if app.revoked {
        return Err(Fault::AccessDenied("the application's key was revoked".to_owned()));
    }
    if access == Access::Server {
        check(app, Credentials::from_headers(headers))?;
    }
    Ok(organization)
}

fn check(app: &App, presented: Result<Credentials, CredentialsError>) -> Result<(), Fault> {
    let proven = match presented.map_err(|error| Fault::AccessDenied(error.to_string()))? {
        Credentials::Basic { user, password } => {
            // The key is public; only the secret's comparison must take the same time whatever the answer.
            let secret_matches = secrets::verify(password.expose(), &app.secret_sha256);
            user == app.api_key.0 && secret_matches
        }
        Credentials::Bearer(token) => secrets::verify(token.expose(), &app.bearer_sha256),
    };
    if proven {
        Ok(())
    } else {
        Err(Fault::AccessDenied("the credentials are not those of this application".to_owned()))
    }
}

/// Looks in the catalog, and in the store when the catalog does not know the key: another node may have made the
/// app a moment ago.
async fn organization_of(services: &Services, key: &ApiKey) -> Result<Arc<OrganizationSnapshot>, Fault> {
    if let Some(organization) = services.catalog.by_key(key) {
        return Ok(organization);
    }
    let plausible = !key.0.is_empty()
        && key.0.len() <= API_KEY_MAX_BYTES
        && key.0.bytes().all(|byte| byte.is_ascii_graphic());
    if !plausible {
        return Err(Fault::UnknownApp);
    }
    let Some(id) = services.store.find_app(key).await? else {
        return Err(Fault::UnknownApp);
    };
    services.catalog.reload(id).await?;
    services.catalog.by_key(key).ok_or_else(|| {
        AppError::NotFound { what: "organization", id: "of the application".to_owned() }.into()
    })
}
