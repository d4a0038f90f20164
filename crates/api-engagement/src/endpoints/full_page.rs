//! N8: the page of a creative, opened by the customer's browser (§4.8).
//!
//! The browser has no credentials. The address holds the customer's id, which cannot be guessed, and that is all a
//! page gives away: it is rendered only for a customer to whom the creative is shown at the moment.

use super::seen::{OPERATION, creative_id};
use crate::auth::Access;
use crate::call::{Answer, Call};
use crate::face::Face;
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use axum::response::Response;
use muster_app::usecases::render_creative::render_creative;

pub(super) fn mount(face: Face) -> Face {
    face.route::<__path_page, _, _>(OPERATION, Access::Address, page)
}

/// The page of a creative.
///
/// Showing it raises the event `campaigns.<campaign_id>.loaded` for the customer.
#[utoipa::path(get, path = "/apps/{api_key}/users/{user_id}/ads/{creative_id}",
    operation_id = "show_page", tag = "Tracking",
    params(("api_key" = String, Path), ("user_id" = String, Path), ("creative_id" = i64, Path)),
    responses((status = 200, content_type = "text/html", body = String)))]
async fn page(call: Call) -> Answer {
    let creative = creative_id(&call)?;
    let customer = call.customer()?;
    let raise = !call.is_head();
    let page = render_creative(call.services(), &call.organization, &customer, creative, raise).await?;
    let mut response = Response::new(page.into());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // The address names the customer; other sites that the page links to have no business with it.
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    Ok(response)
}
