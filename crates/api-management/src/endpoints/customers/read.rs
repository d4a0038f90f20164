use super::{Output, load};
use crate::answer::Answer;
use crate::call::{Call, Outcome, Path};
use crate::etag;
use crate::openapi::Problems;
use crate::read::known_or;

/// Read a customer.
#[utoipa::path(
    get, path = "/manage/v1/organizations/{organization}/customers/{customer}",
    operation_id = "read_customer", tag = "customers",
    params(
        ("organization" = i64, Path),
        ("customer" = String, Path, description = "The id, or `external:` and the client's own id"),
    ),
    responses((status = 200, body = Output), Problems)
)]
pub(super) async fn read_customer(
    Path((organization, customer)): Path<(String, String)>,
    call: Call,
) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    let stored = load(&call, &snapshot, &customer).await?;
    let now = call.services().clock.now();
    let tag = etag::of_version(stored.version);
    Ok(known_or(&call, &tag, || Answer::ok(&Output::of(&stored, now)).etag(tag.clone())))
}
