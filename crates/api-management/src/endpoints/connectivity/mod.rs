//! SIM cards and SIM campaigns: accounts with their users, cards with their key sets, templates and campaigns.

mod accounts;
mod card_profiles;
mod sim_campaigns;
mod sim_templates;
mod sims;
mod users;

use crate::call::{App, Call, path_id};
use crate::error::ApiError;
use crate::page::{Page, PageRequest};
use muster_app::ports::{PageOf, Paged};
use muster_app::usecases::connectivity::{ConnectivityResult, operators};
use muster_domain::account::Account;
use muster_domain::ids::{AccountId, OrganizationId, SimCampaignId, TemplateId};
use utoipa_axum::router::OpenApiRouter;
use uuid::Uuid;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(accounts::routes())
        .merge(users::routes())
        .merge(card_profiles::routes())
        .merge(sims::routes())
        .merge(sim_templates::routes())
        .merge(sim_campaigns::routes())
}

/// The id of an account in a path or a body.
fn account_id(text: &str) -> Result<AccountId, ApiError> {
    Uuid::try_parse(text).map(AccountId).map_err(|_| ApiError::not_found("account", text))
}

/// The account that the path names.
async fn account(call: &Call, organization: OrganizationId, id: &str) -> Result<Account, ApiError> {
    let found = operators::account(call.services(), organization, account_id(id)?).await?;
    Ok(found.value)
}

/// The id of a campaign in a path.
fn campaign_id(text: &str) -> Result<SimCampaignId, ApiError> {
    path_id(text).map(SimCampaignId).ok_or_else(|| ApiError::not_found("SIM campaign", text))
}

/// The id of a template in a path.
fn template_id(text: &str) -> Result<TemplateId, ApiError> {
    path_id(text).map(TemplateId).ok_or_else(|| ApiError::not_found("template", text))
}

/// A page of a list that the store counts in pages of one size. The cursor is the number of elements before the page:
/// these lists only ever grow at their end.
async fn page<T, W, F>(
    request: &PageRequest,
    list: &str,
    fetch: impl Fn(PageOf) -> F,
    wire: impl Fn(T) -> W,
) -> Result<Page<W>, ApiError>
where
    F: Future<Output = ConnectivityResult<Paged<T>>>,
{
    let before = request.after::<u64>()?.unwrap_or(0).min(u64::from(u32::MAX) << 16);
    // One more than is shown tells whether more follow. The page may lie across two of the store's.
    let size = request.limit + 1;
    let skip = before % u64::from(size);
    let number = before / u64::from(size) + 1;
    let mut rows = fetch(PageOf { number, size }).await?.rows;
    let whole = rows.len() == size as usize;
    rows.drain(..rows.len().min(usize::try_from(skip).unwrap_or(usize::MAX)));
    if skip > 0 && whole {
        rows.extend(fetch(PageOf { number: number + 1, size }).await?.rows);
        rows.truncate(size as usize);
    }
    let keyed = (before + 1..).zip(rows).map(|(end, row)| (end.to_string(), wire(row))).collect();
    Ok(Page::of(keyed, request, list))
}
