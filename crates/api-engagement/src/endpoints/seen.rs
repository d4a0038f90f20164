//! N8: counting that a creative was seen (§4.8).

use crate::auth::Access;
use crate::call::{Answer, Call};
use crate::error::Operation;
use crate::face::Face;
use axum::http::header::CACHE_CONTROL;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use muster_app::usecases::select::parse_id;
use muster_app::usecases::track::{Interaction, Tracked, TrackedCustomer, track};
use muster_app::{AppError, AppResult};
use muster_domain::ids::CreativeId;
use uuid::Uuid;

pub(super) const OPERATION: Operation = Operation::Tracking;

pub(super) fn mount(face: Face) -> Face {
    face.route::<__path_by_user_id, _, _>(OPERATION, Access::Server, by_user_id)
        .route::<__path_by_token, _, _>(OPERATION, Access::Link, by_token)
}

/// Counts a view, reported by a server.
#[utoipa::path(get,
    path = "/priv/v1/apps/{api_key}/users/{user_id}/creatives/{creative_id}/stats/{ad_stat_id}/seen/track",
    operation_id = "track_seen", tag = "Tracking",
    params(("api_key" = String, Path), ("user_id" = String, Path), ("creative_id" = i64, Path),
        ("ad_stat_id" = String, Path), ("xsid" = Option<String>, Query), ("locale" = Option<String>, Query)),
    responses((status = 204, description = "Counted")))]
async fn by_user_id(call: Call) -> Answer {
    counted(&call).await
}

/// Counts a view, reported by a client.
///
/// Without a valid `auth_token`, the `xsid` names the customer.
#[utoipa::path(get, path = "/api/v1/apps/{api_key}/creatives/{creative_id}/stats/{ad_stat_id}/seen/track",
    operation_id = "track_seen_by_token", tag = "Tracking",
    params(("api_key" = String, Path), ("creative_id" = i64, Path), ("ad_stat_id" = String, Path),
        ("xsid" = Option<String>, Query), ("locale" = Option<String>, Query)),
    responses((status = 204, description = "Counted")))]
async fn by_token(call: Call) -> Answer {
    counted(&call).await
}

async fn counted(call: &Call) -> Answer {
    report(call, Interaction::Seen).await?;
    Ok(uncached(StatusCode::NO_CONTENT))
}

/// Counts what the path names; asking for the head alone counts nothing (row H5).
pub(super) async fn report(call: &Call, interaction: Interaction) -> AppResult<Tracked> {
    let creative = creative_id(call)?;
    let stat = call.path("ad_stat_id").unwrap_or_default();
    let stat =
        Uuid::try_parse(stat).map_err(|_| AppError::NotFound { what: "ad stat", id: stat.to_owned() })?;
    let customer = tracked_customer(call)?;
    let interaction = (!call.is_head()).then_some(interaction);
    track(call.services(), &call.organization, &customer, creative, stat, interaction).await
}

/// The creative that the path names.
pub(super) fn creative_id(call: &Call) -> AppResult<CreativeId> {
    let text = call.path("creative_id").unwrap_or_default();
    let id = parse_id(text).ok_or_else(|| AppError::NotFound { what: "creative", id: text.to_owned() })?;
    Ok(CreativeId(id.0))
}

/// The customer of the path or the token, else of the `xsid`.
fn tracked_customer(call: &Call) -> AppResult<TrackedCustomer> {
    match call.customer() {
        Ok(selector) => Ok(TrackedCustomer::Selected(selector)),
        Err(AppError::InvalidAuthToken) => {
            let xsid = call.query.get("xsid").filter(|xsid| !xsid.is_empty());
            let xsid = xsid.ok_or(AppError::InvalidAuthToken)?;
            Uuid::try_parse(xsid).map(TrackedCustomer::TrackingId).map_err(|_| AppError::CustomerNotFound)
        }
        Err(error) => Err(error),
    }
}

/// An answer without a body that nobody may keep, since asking for it counts.
pub(super) fn uncached(status: StatusCode) -> Response {
    let mut response = Response::default();
    *response.status_mut() = status;
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
