//! What became of an accepted change (§4.2).

use crate::call::{Access, Call};
use crate::envelope::{self, Ack, Answer};
use crate::error::codes;
use crate::face::Face;
use crate::wire::words::REQUEST_STATUS;
use muster_app::usecases::connectivity as app;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

pub(super) fn mount(face: Face) -> Face {
    face.route::<__path_status, _, _>(Access::Read, &[codes::GLOBAL_1003], status)
        .route::<__path_statuses, _, _>(Access::Read, &[codes::GLOBAL_1003], statuses)
}

/// The status of a request.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RequestStatus)]
struct StatusRow {
    /// OPEN, SUCCESS, FAILURE or `INTERNAL_ERROR`.
    #[schema(value_type = String, example = "SUCCESS")]
    status: &'static str,
}

/// The status of a request among those accepted together.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = InnerRequestStatus)]
struct InnerRow {
    request_id: Uuid,
    /// OPEN, SUCCESS, FAILURE or `INTERNAL_ERROR`.
    #[schema(value_type = String, example = "SUCCESS")]
    status: &'static str,
}

/// Tells what became of a request.
#[utoipa::path(get, path = "/api/v2/global/call/{requestId}", operation_id = "show_request", tag = "Requests",
    params(("requestId" = String, Path)), responses((status = 200, body = Ack<StatusRow>)))]
async fn status(call: Call) -> Answer {
    let account = call.requestor()?.account.id;
    let status = app::request_status(call.services(), account, call.request_id()?).await?;
    envelope::one(StatusRow { status: REQUEST_STATUS.word(status) })
}

/// Tells what became of a request and of those accepted together with it.
#[utoipa::path(get, path = "/api/v3/global/call/{requestId}", operation_id = "list_requests", tag = "Requests",
    params(("requestId" = String, Path)), responses((status = 200, body = Ack<InnerRow>)))]
async fn statuses(call: Call) -> Answer {
    let account = call.requestor()?.account.id;
    let all = app::request_statuses(call.services(), account, call.request_id()?).await?;
    let row = |(request_id, status)| InnerRow { request_id, status: REQUEST_STATUS.word(status) };
    envelope::all(all.into_iter().map(row).collect())
}
