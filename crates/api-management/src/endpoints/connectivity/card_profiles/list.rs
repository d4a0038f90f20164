use super::Output;
use crate::answer::Answer;
use crate::call::{Call, Outcome, Path};
use crate::openapi::Problems;
use crate::page::{Page, PageRequest};
use axum::response::IntoResponse;
use muster_app::usecases::connectivity::operators;

const LIST: &str = "card_profiles";

/// List card profiles, by name. `default` is in every organization.
#[utoipa::path(
    get, path = "/manage/v1/organizations/{organization}/card-profiles", operation_id = "list_card_profiles",
    tag = "SIM cards",
    params(
        ("organization" = i64, Path), ("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)
    ),
    responses((status = 200, body = Page<Output>), Problems)
)]
pub(super) async fn list_card_profiles(Path(organization): Path<String>, call: Call) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    let request = PageRequest::read(&call.query, LIST)?;
    let all = operators::card_profiles(call.services(), snapshot.id()).await?;
    let keyed = all
        .into_iter()
        .filter(|profile| request.after.as_ref().is_none_or(|after| profile.name > *after))
        .take(request.limit as usize + 1)
        .map(|profile| (profile.name.clone(), Output(profile)))
        .collect();
    Ok(Answer::ok(&Page::of(keyed, &request, LIST)).into_response())
}
