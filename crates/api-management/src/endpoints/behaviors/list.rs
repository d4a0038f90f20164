use super::{Output, document_of};
use crate::answer::Answer;
use crate::call::{Call, Outcome, Path};
use crate::endpoints::campaigns;
use crate::openapi::Problems;
use crate::page::{Page, PageRequest};
use axum::response::IntoResponse;

const LIST: &str = "behaviors";

/// List a campaign's behaviors, in order of id.
#[utoipa::path(
    get, path = "/manage/v1/organizations/{organization}/campaigns/{campaign}/behaviors",
    operation_id = "list_behaviors", tag = "behaviors",
    params(
        ("organization" = i64, Path), ("campaign" = i64, Path), ("limit" = Option<u32>, Query),
        ("cursor" = Option<String>, Query)
    ),
    responses((status = 200, body = Page<Output>), Problems)
)]
pub(super) async fn list_behaviors(
    Path((organization, campaign)): Path<(String, String)>,
    call: Call,
) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    let request = PageRequest::read(&call.query, LIST)?;
    let after = request.after::<i64>()?;
    let entry = campaigns::find(&snapshot, &campaign)?;
    let mut ids: Vec<i64> = entry.campaign.behaviors.iter().map(|stored| stored.id.0).collect();
    ids.sort_unstable();
    let keyed = ids
        .into_iter()
        .filter(|id| after.is_none_or(|after| *id > after))
        .take(request.limit as usize + 1)
        .filter_map(|id| {
            let behavior = document_of(&entry.campaign, id)?;
            Some((id.to_string(), Output { id, version: entry.version, behavior }))
        })
        .collect();
    Ok(Answer::ok(&Page::of(keyed, &request, LIST)).into_response())
}
