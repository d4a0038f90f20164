//! N2: a customer's custom attributes (§4.2).

use crate::auth::Access;
use crate::call::{Answer, Call, ok};
use crate::error::{Fault, Operation};
use crate::face::Face;
use crate::wire::StatusOk;
use crate::wire::user::{CustomProfile, object_in};
use muster_app::AppError;
use muster_app::usecases::customers::update_customer;
use muster_domain::customer::ProfilePatch;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

const OPERATION: Operation = Operation::Customers;
const MODEL: &str = "user_profile";

/// Custom attributes to set, or to drop where the value is null; others stay.
#[derive(ToSchema)]
#[schema(as = WriteCustomProfile)]
#[expect(
    dead_code,
    reason = "the document describes the request; the domain reads it attribute by attribute"
)]
struct Request {
    /// At most 200 attributes a customer.
    #[schema(value_type = Object)]
    user_profile: Value,
}

/// All custom attributes afterwards.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CustomProfileAnswer)]
struct Body<'a> {
    status: StatusOk,
    /// With their `_version`.
    #[schema(value_type = Object)]
    user_profile: CustomProfile<'a>,
}

pub(super) fn mount(face: Face) -> Face {
    face.route::<__path_by_user_id, _, _>(OPERATION, Access::Server, by_user_id)
        .route::<__path_by_external_id, _, _>(OPERATION, Access::Server, by_external_id)
}

/// Adds custom attributes to a customer.
#[utoipa::path(post, path = "/priv/v1/apps/{api_key}/users/{user_id}/models/user_profile",
    operation_id = "add_custom_attributes", tag = "Customers",
    params(("api_key" = String, Path), ("user_id" = String, Path)),
    request_body = Request,
    responses((status = 200, body = Body)))]
async fn by_user_id(call: Call) -> Answer {
    add(&call).await
}

/// Adds custom attributes to a customer, by the client's own id.
#[utoipa::path(post, path = "/priv/v1/apps/{api_key}/external/users/{external_id}/models/user_profile",
    operation_id = "add_custom_attributes_by_external_id", tag = "Customers",
    params(("api_key" = String, Path), ("external_id" = String, Path)),
    request_body = Request,
    responses((status = 200, body = Body)))]
async fn by_external_id(call: Call) -> Answer {
    add(&call).await
}

async fn add(call: &Call) -> Answer {
    let customer = call.customer()?;
    let patch = call.customer_first(&customer, read(call)).await?;
    let stored = update_customer(call.services(), &call.organization, &customer, &patch).await?;
    ok(&Body { status: StatusOk, user_profile: CustomProfile(&stored.customer.profile) }, 512)
}

fn read(call: &Call) -> Result<ProfilePatch, Fault> {
    let body = call.json()?;
    let attributes = object_in(&body, MODEL)?.clone();
    let object = Map::from_iter([(MODEL.to_owned(), Value::Object(attributes))]);
    Ok(ProfilePatch::from_json(&object).map_err(AppError::from)?)
}
