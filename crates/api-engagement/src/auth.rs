//! Who may ask: the app of the path's key, proven by its secret (§2.2).

use crate::error::Fault;
use crate::state::EngagementState;
use axum::http::HeaderMap;
use muster_app::catalog::OrganizationSnapshot;
use muster_app::usecases::select::customer_of_token;
use muster_app::{AppError, Services, secrets};
use muster_domain::ids::{ApiKey, CustomerId};
use muster_domain::organization::App;
use muster_web::{Credentials, CredentialsError, Query};
use std::sync::Arc;

/// Longest key that is looked for in the store; ours have 40 digits.
const API_KEY_MAX_BYTES: usize = 255;

/// What a path asks of its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Server to server: the app's secret or bearer token.
    Server,
    /// A client: the `auth_token` of the query.
    Client,
    /// Whoever holds a link: its `auth_token` while that is valid, else the identifiers in it, which the endpoint
    /// checks. A link outlives its token.
    Link,
    /// Nobody in particular: the address itself holds what cannot be guessed.
    Address,
}

/// The organization behind the path's key, once the caller has shown what `access` asks for; with the customer that
/// a token names.
pub(crate) async fn admit(
    state: &EngagementState,
    access: Access,
    api_key: &str,
    headers: &HeaderMap,
    query: Option<&Query>,
) -> Result<(Arc<OrganizationSnapshot>, Option<CustomerId>), Fault> {
    let key = ApiKey(api_key.to_owned());
    let organization = organization_of(state.services(), &key).await?;
    let app = organization.app(&key).ok_or(Fault::UnknownApp)?;
    if app.revoked {
        return Err(Fault::AccessDenied("the application's key was revoked".to_owned()));
    }
    let customer = match access {
        Access::Server => {
            check(app, Credentials::from_headers(headers))?;
            None
        }
        Access::Client => Some(customer_of(state, &organization, query).await?),
        Access::Link => match customer_of(state, &organization, query).await {
            Ok(customer) => Some(customer),
            Err(Fault::App(AppError::InvalidAuthToken)) => None,
            Err(fault) => return Err(fault),
        },
        Access::Address => None,
    };
    Ok((organization, customer))
}

async fn customer_of(
    state: &EngagementState,
    organization: &OrganizationSnapshot,
    query: Option<&Query>,
) -> Result<CustomerId, Fault> {
    let token = query.and_then(|query| query.get("auth_token")).unwrap_or_default();
    Ok(customer_of_token(state.services(), organization, token).await?)
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
