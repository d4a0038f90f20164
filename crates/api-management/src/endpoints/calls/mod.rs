//! Call campaigns: client accounts with their agents, calling policies, prompts and do-not-call lists, campaigns, and
//! the desk.

mod agents;
mod campaigns;
mod clients;
mod desk;
mod do_not_call;
mod policies;
mod prompts;

use crate::call::{App, Call, path_id};
use crate::error::ApiError;
use crate::page::{Page, PageRequest};
use muster_app::usecases::dialler::{self, DiallerError};
use muster_domain::calls::client::Client;
use muster_domain::ids::{CallCampaignId, ClientId, OrganizationId};
use std::str::FromStr;
use utoipa_axum::router::OpenApiRouter;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(clients::routes())
        .merge(agents::routes())
        .merge(policies::routes())
        .merge(prompts::routes())
        .merge(do_not_call::routes())
        .merge(campaigns::routes())
        .merge(desk::routes())
}

/// The client account that the path names. One of another organization is answered like one that is not there.
async fn client(call: &Call, organization: OrganizationId, id: &str) -> Result<Client, ApiError> {
    let missing = || ApiError::not_found("client account", id);
    let found = dialler::client(call.services(), path_id(id).map(ClientId).ok_or_else(missing)?).await;
    match found {
        Ok(client) if client.organization == organization => Ok(client),
        Ok(_) | Err(DiallerError::ClientNotFound) => Err(missing()),
        Err(error) => Err(error.into()),
    }
}

/// The id of a campaign in a path.
fn campaign_id(text: &str) -> Result<CallCampaignId, ApiError> {
    path_id(text).map(CallCampaignId).ok_or_else(|| ApiError::not_found("call campaign", text))
}

/// A page of a list that is short enough to be read whole, in order of its keys.
fn page<K: Ord + FromStr + ToString, T>(
    mut all: Vec<(K, T)>,
    request: &PageRequest,
    list: &str,
) -> Result<Page<T>, ApiError> {
    let after = request.after::<K>()?;
    all.sort_by(|(one, _), (other, _)| one.cmp(other));
    let rest = all.into_iter().filter(|(key, _)| after.as_ref().is_none_or(|after| key > after));
    // One more than is shown tells whether more follow.
    let keyed = rest.take(request.limit as usize + 1).map(|(key, item)| (key.to_string(), item)).collect();
    Ok(Page::of(keyed, request, list))
}
