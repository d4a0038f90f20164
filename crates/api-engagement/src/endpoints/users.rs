//! N1: customers, created, read, changed and deleted (§4.1).

use crate::auth::Access;
use crate::call::{Answer, Call, ok};
use crate::error::{Fault, Operation};
use crate::face::Face;
use crate::wire::StatusOk;
use crate::wire::user::{Shown, UserObject, object_in};
use muster_app::AppError;
use muster_app::ports::StoredCustomer;
use muster_app::usecases::customers::{create_customer, delete_customer, update_customer};
use muster_app::usecases::select::load_customer;
use muster_domain::customer::ProfilePatch;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

const OPERATION: Operation = Operation::Customers;
/// About what a customer takes, for the buffer.
const USER_BYTES: usize = 1024;

/// A customer's attributes to write.
#[derive(ToSchema)]
#[schema(as = WriteUser)]
#[expect(
    dead_code,
    reason = "the document describes the request; the domain reads it attribute by attribute"
)]
struct Request {
    user: UserAttributes,
}

/// What clients may write. `null` and empty text clear an attribute, what is left out stays. Read-only and unknown
/// attributes have no effect, so that a whole profile may be sent back.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "the document describes the request; the domain reads it attribute by attribute"
)]
struct UserAttributes {
    /// Required if there is no `email`; no two customers have the same.
    external_id: Option<String>,
    external_id_type: Option<String>,
    /// All further external ids.
    identifiers: Option<Vec<UserIdentifier>>,
    /// Required if there is no `external_id`; no two customers have the same, whatever the case of its letters.
    email: Option<String>,
    /// Opt-in to the loyalty program; default true.
    opted_in: Option<bool>,
    first_name: Option<String>,
    last_name: Option<String>,
    /// `m` or `f`.
    gender: Option<String>,
    /// The age must exceed 13 years.
    #[schema(example = "1990-12-10")]
    dob: Option<String>,
    address: Option<String>,
    address2: Option<String>,
    city: Option<String>,
    state: Option<String>,
    zip: Option<String>,
    /// ISO 3166-1 alpha-3.
    #[schema(example = "DEU")]
    country: Option<String>,
    dma: Option<String>,
    locale: Option<String>,
    ip: Option<String>,
    /// Objects with a `phone_number`, which no other customer has.
    #[schema(value_type = Option<Vec<Object>>)]
    phone_numbers: Option<Value>,
    /// IANA zone.
    time_zone: Option<String>,
    #[schema(value_type = Option<Object>)]
    referral: Option<Value>,
    referrer_code: Option<String>,
    proxy_id: Option<ProxyChange>,
    profile_photo_url: Option<String>,
    /// Custom attributes to set, or to drop where the value is null; at most 200.
    #[schema(value_type = Option<Object>)]
    user_profile: Option<Value>,
}

/// An external id.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the request")]
struct UserIdentifier {
    external_id: String,
    external_id_type: Option<String>,
}

/// A proxy id to add or to drop.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the request")]
struct ProxyChange {
    register: Option<String>,
    unregister: Option<String>,
}

/// A customer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UserAnswer)]
struct Body<'a> {
    status: StatusOk,
    user: UserObject<'a>,
}

pub(super) fn mount(face: Face) -> Face {
    face.route::<__path_create, _, _>(OPERATION, Access::Server, create)
        .route::<__path_read, _, _>(OPERATION, Access::Server, read)
        .route::<__path_read_by_external_id, _, _>(OPERATION, Access::Server, read_by_external_id)
        .route::<__path_update, _, _>(OPERATION, Access::Server, update)
        .route::<__path_update_by_external_id, _, _>(OPERATION, Access::Server, update_by_external_id)
        .route::<__path_delete, _, _>(OPERATION, Access::Server, delete)
        .route::<__path_delete_by_external_id, _, _>(OPERATION, Access::Server, delete_by_external_id)
}

/// Creates a customer.
///
/// This raises the event `__platform.user.created` for the new customer.
#[utoipa::path(post, path = "/priv/v1/apps/{api_key}/users",
    operation_id = "create_user", tag = "Customers",
    params(("api_key" = String, Path), ("user[user_profile]" = Option<bool>, Query),
        ("show_identifiers" = Option<bool>, Query), ("expand_incentives" = Option<bool>, Query)),
    request_body = Request,
    responses((status = 200, body = Body)))]
async fn create(call: Call) -> Answer {
    let patch = patch(&call)?;
    let stored = create_customer(call.services(), &call.organization, &patch).await?;
    answer(&call, &stored)
}

/// Reads a customer.
#[utoipa::path(get, path = "/priv/v1/apps/{api_key}/users/{user_id}",
    operation_id = "read_user", tag = "Customers",
    params(("api_key" = String, Path), ("user_id" = String, Path), ("user[user_profile]" = Option<bool>, Query),
        ("show_identifiers" = Option<bool>, Query), ("expand_incentives" = Option<bool>, Query)),
    responses((status = 200, body = Body)))]
async fn read(call: Call) -> Answer {
    show(&call).await
}

/// Reads a customer, by the client's own id.
#[utoipa::path(get, path = "/priv/v1/apps/{api_key}/external/users/{external_id}",
    operation_id = "read_user_by_external_id", tag = "Customers",
    params(("api_key" = String, Path), ("external_id" = String, Path),
        ("user[user_profile]" = Option<bool>, Query), ("show_identifiers" = Option<bool>, Query),
        ("expand_incentives" = Option<bool>, Query)),
    responses((status = 200, body = Body)))]
async fn read_by_external_id(call: Call) -> Answer {
    show(&call).await
}

/// Changes a customer.
#[utoipa::path(put, path = "/priv/v1/apps/{api_key}/users/{user_id}",
    operation_id = "update_user", tag = "Customers",
    params(("api_key" = String, Path), ("user_id" = String, Path), ("user[user_profile]" = Option<bool>, Query),
        ("show_identifiers" = Option<bool>, Query), ("expand_incentives" = Option<bool>, Query)),
    request_body = Request,
    responses((status = 200, body = Body)))]
async fn update(call: Call) -> Answer {
    change(&call).await
}

/// Changes a customer, by the client's own id.
#[utoipa::path(put, path = "/priv/v1/apps/{api_key}/external/users/{external_id}",
    operation_id = "update_user_by_external_id", tag = "Customers",
    params(("api_key" = String, Path), ("external_id" = String, Path),
        ("user[user_profile]" = Option<bool>, Query), ("show_identifiers" = Option<bool>, Query),
        ("expand_incentives" = Option<bool>, Query)),
    request_body = Request,
    responses((status = 200, body = Body)))]
async fn update_by_external_id(call: Call) -> Answer {
    change(&call).await
}

/// Deletes a customer.
///
/// Profile, tags, opt-ins, progress, events and client tokens go. The answer is the customer as it last was.
#[utoipa::path(delete, path = "/priv/v1/apps/{api_key}/users/{user_id}",
    operation_id = "delete_user", tag = "Customers",
    params(("api_key" = String, Path), ("user_id" = String, Path), ("user[user_profile]" = Option<bool>, Query),
        ("show_identifiers" = Option<bool>, Query), ("expand_incentives" = Option<bool>, Query)),
    responses((status = 200, body = Body)))]
async fn delete(call: Call) -> Answer {
    remove(&call).await
}

/// Deletes a customer, by the client's own id.
#[utoipa::path(delete, path = "/priv/v1/apps/{api_key}/external/users/{external_id}",
    operation_id = "delete_user_by_external_id", tag = "Customers",
    params(("api_key" = String, Path), ("external_id" = String, Path),
        ("user[user_profile]" = Option<bool>, Query), ("show_identifiers" = Option<bool>, Query),
        ("expand_incentives" = Option<bool>, Query)),
    responses((status = 200, body = Body)))]
async fn delete_by_external_id(call: Call) -> Answer {
    remove(&call).await
}

async fn show(call: &Call) -> Answer {
    let stored = load_customer(call.services(), &call.organization, &call.customer()?).await?;
    answer(call, &stored)
}

async fn change(call: &Call) -> Answer {
    let customer = call.customer()?;
    let patch = call.customer_first(&customer, patch(call)).await?;
    let stored = update_customer(call.services(), &call.organization, &customer, &patch).await?;
    answer(call, &stored)
}

async fn remove(call: &Call) -> Answer {
    let stored = delete_customer(call.services(), &call.organization, &call.customer()?).await?;
    answer(call, &stored)
}

fn patch(call: &Call) -> Result<ProfilePatch, Fault> {
    let body = call.json()?;
    let user: &Map<String, Value> = object_in(&body, "user")?;
    Ok(ProfilePatch::from_json(user).map_err(AppError::from)?)
}

fn answer(call: &Call, stored: &StoredCustomer) -> Answer {
    ok(&Body { status: StatusOk, user: UserObject::new(stored, Shown::of(call)) }, USER_BYTES)
}
