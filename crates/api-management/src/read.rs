//! Conditional reads.

use crate::answer::Answer;
use crate::call::Call;
use crate::etag;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

/// 304 for a caller who has the entity already, else the answer.
pub(crate) fn known_or(call: &Call, tag: &str, answer: impl FnOnce() -> Answer) -> Response {
    if etag::is_known(&call.headers, tag) {
        let unchanged = Answer::done().status(StatusCode::NOT_MODIFIED).etag(tag.to_owned());
        return unchanged.into_response();
    }
    answer().into_response()
}
