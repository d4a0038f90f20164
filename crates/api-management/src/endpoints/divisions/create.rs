use super::{Wire, created};
use crate::call::{Call, Outcome, Path};
use crate::openapi::Problems;
use muster_app::usecases::authoring::divisions;
use muster_domain::ids::DivisionId;
use muster_domain::organization::Division;

/// Create a division.
#[utoipa::path(
    post, path = "/manage/v1/organizations/{organization}/divisions", operation_id = "create_division",
    tag = "divisions", request_body = Wire,
    params(("organization" = i64, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, body = Wire), Problems)
)]
pub(super) async fn create_division(Path(organization): Path<String>, call: Call) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    if let Some(reply) = call.remembered().await? {
        return Ok(reply);
    }
    let wire = call.json::<Wire>()?;
    let division = Division { id: DivisionId(wire.id), name: wire.name };
    let answer = |division: &Division| created(snapshot.id(), division);
    let remember = |division: &Division| call.remember(&answer(division));
    let result = divisions::create(call.services(), snapshot.id(), division, &remember).await;
    call.finish(result, answer).await
}
