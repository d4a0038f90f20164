//! How a request names its customer and its campaign.

use crate::catalog::{CatalogCampaign, OrganizationSnapshot};
use crate::ports::{CustomerName, StoredCustomer};
use crate::{AppError, AppResult, Services, secrets};
use muster_domain::ids::{CampaignId, CustomerId};
use uuid::Uuid;

/// How a request names a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CustomerSelector {
    /// By internal id (`/users/:user_id`).
    Id(CustomerId),
    /// By the client's own id (`/external/users/:external_id`).
    External(String),
    /// By client token (`auth_token`).
    Token(String),
}

impl CustomerSelector {
    /// Reads a `user_id`. What is no GUID names no customer.
    pub fn from_user_id(text: &str) -> AppResult<Self> {
        Uuid::try_parse(text).map(|id| Self::Id(CustomerId(id))).map_err(|_| AppError::CustomerNotFound)
    }
}

/// Loads the customer that a request names.
pub async fn load_customer(
    services: &Services,
    organization: &OrganizationSnapshot,
    selector: &CustomerSelector,
) -> AppResult<StoredCustomer> {
    let found = match selector {
        CustomerSelector::Id(id) => services.store.customer(organization.id(), *id).await?,
        CustomerSelector::External(external_id) => {
            let name = CustomerName::External(external_id.clone());
            services.store.customer_by_name(organization.id(), &name).await?
        }
        CustomerSelector::Token(token) => {
            let id = customer_of_token(services, organization, token).await?;
            // A token outlives its customer by no more than this look-up: the customer is gone, so is the token.
            let found = services.store.customer(organization.id(), id).await?;
            return found.ok_or(AppError::InvalidAuthToken);
        }
    };
    found.ok_or(AppError::CustomerNotFound)
}

/// The id of the customer that a request names. An id is taken at its word: whoever loads the customer next finds
/// out whether there is one.
pub async fn customer_id(
    services: &Services,
    organization: &OrganizationSnapshot,
    selector: &CustomerSelector,
) -> AppResult<CustomerId> {
    match selector {
        CustomerSelector::Id(id) => Ok(*id),
        CustomerSelector::Token(token) => customer_of_token(services, organization, token).await,
        CustomerSelector::External(_) => Ok(load_customer(services, organization, selector).await?.id),
    }
}

/// The customer behind a client token that has not expired.
pub async fn customer_of_token(
    services: &Services,
    organization: &OrganizationSnapshot,
    token: &str,
) -> AppResult<CustomerId> {
    if token.is_empty() {
        return Err(AppError::InvalidAuthToken);
    }
    let found = services.store.client_token(organization.id(), &secrets::digest(token)).await?;
    match found {
        Some(token) if services.clock.now() < token.expires_at => Ok(token.customer),
        _ => Err(AppError::InvalidAuthToken),
    }
}

/// How a request names a campaign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CampaignSelector {
    /// By id.
    Id(CampaignId),
    /// By permalink.
    Permalink(String),
    /// A path segment that may be either: all digits is an id first, then a permalink (contract question Q22).
    Either(String),
}

impl CampaignSelector {
    /// Reads an id from a path segment; what is no number names no campaign.
    pub fn from_id(text: &str) -> AppResult<Self> {
        parse_id(text).map(Self::Id).ok_or(AppError::CampaignNotFound)
    }
}

/// A campaign id in decimal digits, without sign or space.
pub fn parse_id(text: &str) -> Option<CampaignId> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok().map(CampaignId)).flatten()
}

/// Finds the campaign that a request names.
pub fn find_campaign<'a>(
    organization: &'a OrganizationSnapshot,
    selector: &CampaignSelector,
) -> AppResult<&'a CatalogCampaign> {
    let found = match selector {
        CampaignSelector::Id(id) => organization.campaign(*id),
        CampaignSelector::Permalink(permalink) => organization.campaign_by_permalink(permalink),
        CampaignSelector::Either(text) => parse_id(text)
            .and_then(|id| organization.campaign(id))
            .or_else(|| organization.campaign_by_permalink(text)),
    };
    found.ok_or(AppError::CampaignNotFound)
}
