//! Apps: digital properties with an `api_key`, a secret and a bearer token.

use super::{AuthoringError, AuthoringResult, Remember, guarded, not_found};
use crate::ports::CatalogWrite;
use crate::{Services, secrets};
use muster_domain::ids::{ApiKey, OrganizationId};
use muster_domain::organization::App;

/// Prefix of an app's bearer token.
const BEARER_PREFIX: &str = "mst";
/// Characters that a key or secret brought along from elsewhere has at least.
const GIVEN_MIN_CHARS: usize = 16;
/// Characters that it has at most.
const GIVEN_MAX_CHARS: usize = 255;

/// What an author says about a new app.
#[derive(Clone, Default)]
pub struct AppDraft {
    /// Display name, unique in the organization.
    pub name: String,
    /// A key that clients already use; `None` makes one.
    pub api_key: Option<String>,
    /// A secret that clients already use; `None` makes one.
    pub secret: Option<String>,
    /// A bearer token that clients already use; `None` makes one.
    pub bearer: Option<String>,
}

/// An app with its secrets in the clear. It exists in the answer to the call that made them, and nowhere else.
#[derive(Clone)]
pub struct AppWithSecrets {
    /// The app as stored.
    pub app: App,
    /// The server-to-server secret.
    pub secret: String,
    /// The bearer token.
    pub bearer: String,
}

/// Creates an app. Keys and secrets that clients have from elsewhere can be kept, so that they move by changing
/// the address alone.
pub async fn create(
    services: &Services,
    organization: OrganizationId,
    draft: AppDraft,
    remember: Remember<'_, App>,
) -> AuthoringResult<AppWithSecrets> {
    super::organizations::check_name("name", &draft.name)?;
    for (place, given) in [("api_key", &draft.api_key), ("secret", &draft.secret), ("bearer", &draft.bearer)]
    {
        if let Some(given) = given {
            check_given(place, given)?;
        }
    }
    super::current(services, organization).await?;
    let entropy = &*services.entropy;
    let api_key = draft.api_key.unwrap_or_else(|| secrets::new_api_key(entropy));
    let secret = draft.secret.unwrap_or_else(|| secrets::new_secret(entropy));
    let bearer = draft.bearer.unwrap_or_else(|| secrets::new_bearer(entropy, BEARER_PREFIX));
    let app = App {
        api_key: ApiKey(api_key),
        name: draft.name,
        secret_sha256: secrets::digest(&secret),
        bearer_sha256: secrets::digest(&bearer),
        created_at: services.clock.now(),
        rotated_at: None,
        revoked: false,
    };
    // The store writes over an app of the same key in the same organization; a new one must not.
    guarded(services, organization, |snapshot| {
        if snapshot.app(&app.api_key).is_some() {
            let value = app.api_key.0.clone();
            return Err(crate::AppError::Duplicate { what: "api_key", value }.into());
        }
        Ok((remember(&app), vec![CatalogWrite::App(app.clone())], ()))
    })
    .await?;
    Ok(AppWithSecrets { app, secret, bearer })
}

fn check_given(place: &'static str, given: &str) -> AuthoringResult<()> {
    let count = given.chars().count();
    let spelled = given.chars().all(|c| c.is_ascii_graphic() && !matches!(c, ':' | '/' | '?' | '#' | '%'));
    if (GIVEN_MIN_CHARS..=GIVEN_MAX_CHARS).contains(&count) && spelled {
        return Ok(());
    }
    Err(AuthoringError::field(
        place,
        format!(
            "must be {GIVEN_MIN_CHARS} to {GIVEN_MAX_CHARS} printable ASCII characters without : / ? # %"
        ),
    ))
}

/// Replaces the secret and the bearer token; the old ones stop working at once.
pub async fn rotate(
    services: &Services,
    organization: OrganizationId,
    key: &ApiKey,
    remember: Remember<'_, App>,
) -> AuthoringResult<AppWithSecrets> {
    let entropy = &*services.entropy;
    let secret = secrets::new_secret(entropy);
    let bearer = secrets::new_bearer(entropy, BEARER_PREFIX);
    let app = change(services, organization, key, remember, |app| {
        if app.revoked {
            return Err(AuthoringError::Conflict("the app is revoked".to_owned()));
        }
        app.secret_sha256 = secrets::digest(&secret);
        app.bearer_sha256 = secrets::digest(&bearer);
        app.rotated_at = Some(services.clock.now());
        Ok(())
    })
    .await?;
    Ok(AppWithSecrets { app, secret, bearer })
}

/// Revokes the app for good: its credentials authenticate nobody from now on. Doing it again changes nothing.
pub async fn revoke(
    services: &Services,
    organization: OrganizationId,
    key: &ApiKey,
    remember: Remember<'_, App>,
) -> AuthoringResult<App> {
    change(services, organization, key, remember, |app| {
        app.revoked = true;
        Ok(())
    })
    .await
}

/// Renames the app, provided that the stored one is what the caller knows, as `unchanged` judges.
pub async fn rename(
    services: &Services,
    organization: OrganizationId,
    key: &ApiKey,
    name: &str,
    unchanged: impl Fn(&App) -> bool,
    remember: Remember<'_, App>,
) -> AuthoringResult<App> {
    super::organizations::check_name("name", name)?;
    change(services, organization, key, remember, |app| {
        if !unchanged(app) {
            return Err(AuthoringError::stale("app"));
        }
        name.clone_into(&mut app.name);
        Ok(())
    })
    .await
}

async fn change(
    services: &Services,
    organization: OrganizationId,
    key: &ApiKey,
    remember: Remember<'_, App>,
    alter: impl Fn(&mut App) -> AuthoringResult<()>,
) -> AuthoringResult<App> {
    guarded(services, organization, |snapshot| {
        let mut app = snapshot.app(key).cloned().ok_or_else(|| not_found("app", key))?;
        alter(&mut app)?;
        Ok((remember(&app), vec![CatalogWrite::App(app.clone())], app))
    })
    .await
}
