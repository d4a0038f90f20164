use super::Output;
use crate::answer::Answer;
use crate::call::{Call, Outcome, Path};
use crate::error::ApiError;
use crate::openapi::Problems;
use crate::page::{Page, PageRequest};
use axum::response::IntoResponse;
use muster_domain::campaign::CampaignStatus;

const LIST: &str = "campaigns";

/// List campaigns, in order of id.
#[utoipa::path(
    get, path = "/manage/v1/organizations/{organization}/campaigns", operation_id = "list_campaigns",
    tag = "campaigns",
    params(
        ("organization" = i64, Path), ("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query),
        ("status" = Option<String>, Query, description = "Only campaigns with this status"),
        ("division" = Option<String>, Query, description = "Only campaigns of this division"),
        ("permalink" = Option<String>, Query, description = "Only the campaign with this permalink"),
    ),
    responses((status = 200, body = Page<Output>), Problems)
)]
pub(super) async fn list_campaigns(Path(organization): Path<String>, call: Call) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    let request = PageRequest::read(&call.query, LIST)?;
    let after = request.after::<i64>()?;
    let status = match call.query.get("status") {
        None => None,
        Some(text) => Some(CampaignStatus::parse(text).ok_or_else(|| ApiError::Parameter {
            name: "status",
            reason: "must be draft, inreview, live, paused or completed".to_owned(),
        })?),
    };
    let division = call.query.get("division");
    let permalink = call.query.get("permalink");
    let mut entries: Vec<_> = snapshot
        .campaigns
        .iter()
        .filter(|entry| after.is_none_or(|after| entry.campaign.id.0 > after))
        .filter(|entry| status.is_none_or(|status| entry.campaign.status == status))
        .filter(|entry| {
            let own = entry.campaign.division.as_ref().map(|division| division.0.as_str());
            division.is_none() || own == division
        })
        .filter(|entry| permalink.is_none_or(|permalink| entry.campaign.permalink == permalink))
        .collect();
    entries.sort_by_key(|entry| entry.campaign.id);
    let keyed = entries
        .into_iter()
        .take(request.limit as usize + 1)
        .map(|entry| (entry.campaign.id.to_string(), Output::of(&entry.campaign, entry.version)))
        .collect();
    Ok(Answer::ok(&Page::of(keyed, &request, LIST)).into_response())
}
