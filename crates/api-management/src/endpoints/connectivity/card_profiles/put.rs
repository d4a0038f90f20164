use super::{Output, shown};
use crate::call::{Call, Outcome, Path};
use crate::document::DocumentError;
use crate::error::ApiError;
use crate::etag;
use crate::openapi::Problems;
use muster_app::usecases::connectivity::operators;
use muster_domain::sim::CardProfile;
use serde_json::{Map, Value};

/// Create or replace a card profile.
///
/// What is left out has its default, the profile `default` as it comes. Replacing one needs `If-Match`. Packets that
/// are made from now on follow the profile.
#[utoipa::path(
    put, path = "/manage/v1/organizations/{organization}/card-profiles/{profile}",
    operation_id = "put_card_profile", tag = "SIM cards", request_body = Output,
    params(
        ("organization" = i64, Path), ("profile" = String, Path), ("If-Match" = Option<String>, Header),
        ("Idempotency-Key" = Option<String>, Header),
    ),
    responses((status = 200, body = Output), Problems)
)]
pub(super) async fn put_card_profile(
    Path((organization, name)): Path<(String, String)>,
    call: Call,
) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    if let Some(reply) = call.remembered().await? {
        return Ok(reply);
    }
    // Read for its place of the fault first, then with the name of the address in the place of one left out.
    call.json::<CardProfile>()?;
    let mut members = call.json::<Map<String, Value>>()?;
    match members.get("name") {
        None => drop(members.insert("name".to_owned(), name.clone().into())),
        Some(Value::String(own)) if *own == name => {}
        Some(_) => {
            return Err(DocumentError::at("name", "must be the name in the address, or left out").into());
        }
    }
    let profile: CardProfile = serde_json::from_value(Value::Object(members))
        .map_err(|error| DocumentError::at(".", error.to_string()))?;
    let stored = call.services().sims.card_profile(snapshot.id(), &name).await?;
    match (stored.map(|stored| etag::of_content(&stored)), etag::if_match(&call.headers)?) {
        (None, None) => {}
        (Some(_), None) => return Err(ApiError::MatchRequired),
        (Some(tag), Some(condition)) if condition.holds(&tag) => {}
        // The default profile can be read, and so matched, before it was ever put.
        (None, Some(condition)) if CardProfile::default().name == name => {
            if !condition.holds(&etag::of_content(&CardProfile::default())) {
                return Err(ApiError::MatchFailed);
            }
        }
        (_, Some(_)) => return Err(ApiError::MatchFailed),
    }
    let remember = |profile: &CardProfile| call.remember(&shown(profile));
    let result = operators::put_card_profile(call.services(), snapshot.id(), profile, &remember).await;
    call.finish(result, shown).await
}
