//! N8: counting a click and leading to the creative's stored target (§4.8).

use super::seen::{OPERATION, report, uncached};
use crate::auth::Access;
use crate::call::{Answer, Call};
use crate::face::Face;
use axum::http::header::LOCATION;
use axum::http::{HeaderValue, StatusCode};
use muster_app::usecases::track::Interaction;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

/// What may not stand in a header; everything else of the target is sent as its author wrote it.
const NOT_IN_A_HEADER: &AsciiSet = &CONTROLS.add(b' ');

pub(super) fn mount(face: Face) -> Face {
    face.route::<__path_redirect, _, _>(OPERATION, Access::Link, redirect)
}

/// Counts a click and leads to the creative's target.
///
/// The target is the stored one, whatever the query says. Without a valid `auth_token`, the `xsid` names the customer.
#[utoipa::path(get, path = "/api/v1/apps/{api_key}/creatives/{creative_id}/stats/{ad_stat_id}/click/redir",
    operation_id = "track_click", tag = "Tracking",
    params(("api_key" = String, Path), ("creative_id" = i64, Path), ("ad_stat_id" = String, Path),
        ("xsid" = Option<String>, Query), ("locale" = Option<String>, Query)),
    responses((status = 204, description = "Counted; the creative has no target"),
        (status = 302, description = "Counted; the target is in the Location header")))]
async fn redirect(call: Call) -> Answer {
    let tracked = report(&call, Interaction::Clicked).await?;
    let Some(target) = tracked.target else {
        return Ok(uncached(StatusCode::NO_CONTENT));
    };
    let target = utf8_percent_encode(&target, NOT_IN_A_HEADER).to_string();
    let mut response = uncached(StatusCode::FOUND);
    let target = HeaderValue::from_str(&target).expect("what a header may not hold is percent-encoded");
    response.headers_mut().insert(LOCATION, target);
    Ok(response)
}
