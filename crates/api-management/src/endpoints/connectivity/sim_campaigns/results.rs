use super::super::campaign_id;
use crate::call::{Call, Outcome, Path};
use crate::error::ApiError;
use crate::openapi::Problems;
use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::IntoResponse;
use futures_util::stream;
use muster_app::usecases::connectivity::{ConnectivityError, operators};

/// Export the results of a SIM campaign as CSV.
///
/// A line for each participant, in order of enrolment, with its last attempt; with `attempts=all` a line for each
/// attempt.
#[utoipa::path(
    get, path = "/manage/v1/organizations/{organization}/sim-campaigns/{sim_campaign}/results.csv",
    operation_id = "export_results", tag = "SIM campaigns",
    params(
        ("organization" = i64, Path), ("sim_campaign" = i64, Path),
        ("attempts" = Option<String>, Query, description = "`last` (by default) or `all`"),
    ),
    responses((status = 200, content_type = "text/csv", body = String), Problems)
)]
pub(super) async fn export_results(Path((organization, id)): Path<(String, String)>, call: Call) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    let every_attempt = match call.query.get("attempts") {
        None | Some("last") => false,
        Some("all") => true,
        Some(_) => {
            let reason = "must be last or all".to_owned();
            return Err(ApiError::Parameter { name: "attempts", reason });
        }
    };
    let id = campaign_id(&id)?;
    let campaign = operators::campaign(call.services(), snapshot.id(), id).await?.value;
    // The first piece before the answer begins: what fails at once is told as a problem. What fails later breaks the
    // answer off, so that nobody takes a part for the whole.
    let first = operators::results(call.services(), &campaign, 0, every_attempt).await?;
    let services = call.shared();
    let rest = stream::try_unfold(first.next, move |next| {
        let (services, campaign) = (services.clone(), campaign.clone());
        async move {
            let Some(from) = next else { return Ok(None) };
            let piece = operators::results(&services, &campaign, from, every_attempt).await?;
            Ok::<_, ConnectivityError>(Some((Bytes::from(piece.csv), piece.next)))
        }
    });
    let first = stream::iter([Ok(Bytes::from(first.csv))]);
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CACHE_CONTROL, "no-store".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"sim-campaign-{id}.csv\"")),
    ];
    Ok((headers, Body::from_stream(stream::StreamExt::chain(first, rest))).into_response())
}
