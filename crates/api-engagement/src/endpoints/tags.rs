//! N5: tags (§4.5).

use crate::auth::Access;
use crate::call::{Answer, Call, ok};
use crate::error::{Fault, Operation};
use crate::face::Face;
use crate::wire::StatusOk;
use muster_app::AppError;
use muster_app::ports::StoredCustomer;
use muster_app::usecases::select::load_customer;
use muster_app::usecases::tags::tag_customer;
use muster_domain::customer::Tag;
use muster_domain::time::UnixMillis;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::ToSchema;

const OPERATION: Operation = Operation::Customers;

/// Tags to give.
#[derive(ToSchema)]
#[schema(as = WriteTags)]
#[expect(
    dead_code,
    reason = "the document describes the request; the endpoint reads it attribute by attribute"
)]
struct Request {
    tags: Vec<String>,
    /// Seconds after which the tags are gone. Without it they count how often they were given.
    #[schema(example = 2_592_000)]
    ttl: Option<u32>,
}

/// All tags of the customer that have not expired.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TagsAnswer)]
struct Body<'a> {
    status: StatusOk,
    tags: BTreeMap<&'a str, TagObject>,
}

/// A tag has one of the two.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Tag)]
struct TagObject {
    /// How often it was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<u64>,
    /// Seconds until it is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<u64>,
}

impl TagObject {
    fn new(tag: Tag, now: UnixMillis) -> Self {
        match tag {
            Tag::Counter { count } => Self { count: Some(count), ttl: None },
            Tag::Expiring { .. } => Self { count: None, ttl: tag.seconds_left(now) },
        }
    }
}

pub(super) fn mount(face: Face) -> Face {
    face.route::<__path_add, _, _>(OPERATION, Access::Server, add)
        .route::<__path_add_by_external_id, _, _>(OPERATION, Access::Server, add_by_external_id)
        .route::<__path_list, _, _>(OPERATION, Access::Server, list)
        .route::<__path_list_by_external_id, _, _>(OPERATION, Access::Server, list_by_external_id)
}

/// Tags a customer.
#[utoipa::path(post, path = "/priv/v1/apps/{api_key}/users/{user_id}/tags",
    operation_id = "tag_user", tag = "Tags",
    params(("api_key" = String, Path), ("user_id" = String, Path)),
    request_body = Request,
    responses((status = 200, body = Body)))]
async fn add(call: Call) -> Answer {
    write(&call).await
}

/// Tags a customer, by the client's own id.
#[utoipa::path(post, path = "/priv/v1/apps/{api_key}/external/users/{external_id}/tags",
    operation_id = "tag_user_by_external_id", tag = "Tags",
    params(("api_key" = String, Path), ("external_id" = String, Path)),
    request_body = Request,
    responses((status = 200, body = Body)))]
async fn add_by_external_id(call: Call) -> Answer {
    write(&call).await
}

/// Lists the tags of a customer.
#[utoipa::path(get, path = "/priv/v1/apps/{api_key}/users/{user_id}/tags",
    operation_id = "list_tags", tag = "Tags",
    params(("api_key" = String, Path), ("user_id" = String, Path)),
    responses((status = 200, body = Body)))]
async fn list(call: Call) -> Answer {
    show(&call).await
}

/// Lists the tags of a customer, by the client's own id.
#[utoipa::path(get, path = "/priv/v1/apps/{api_key}/external/users/{external_id}/tags",
    operation_id = "list_tags_by_external_id", tag = "Tags",
    params(("api_key" = String, Path), ("external_id" = String, Path)),
    responses((status = 200, body = Body)))]
async fn list_by_external_id(call: Call) -> Answer {
    show(&call).await
}

async fn write(call: &Call) -> Answer {
    let customer = call.customer()?;
    let (tags, ttl_s) = call.customer_first(&customer, read(call)).await?;
    let stored = tag_customer(call.services(), &call.organization, &customer, &tags, ttl_s).await?;
    answer(call, &stored)
}

async fn show(call: &Call) -> Answer {
    let stored = load_customer(call.services(), &call.organization, &call.customer()?).await?;
    answer(call, &stored)
}

fn read(call: &Call) -> Result<(Vec<String>, Option<u32>), Fault> {
    let body = call.json()?;
    Ok((read_tags(&body)?, read_ttl(&body)?))
}

fn read_tags(body: &Value) -> Result<Vec<String>, Fault> {
    let invalid = || AppError::invalid("tags must be an array of text");
    match body.get("tags") {
        None | Some(Value::Null) => Err(AppError::Missing("tags".to_owned()).into()),
        Some(Value::Array(items)) => {
            let names = items.iter().map(|item| item.as_str().map(str::to_owned).ok_or_else(invalid));
            Ok(names.collect::<Result<_, _>>()?)
        }
        Some(_) => Err(invalid().into()),
    }
}

fn read_ttl(body: &Value) -> Result<Option<u32>, Fault> {
    match body.get("ttl") {
        None | Some(Value::Null) => Ok(None),
        Some(value) => {
            let seconds = value.as_u64().and_then(|seconds| u32::try_from(seconds).ok());
            let invalid = || AppError::invalid("ttl must be a whole number of seconds, at least 1");
            Ok(Some(seconds.filter(|seconds| *seconds > 0).ok_or_else(invalid)?))
        }
    }
}

fn answer(call: &Call, stored: &StoredCustomer) -> Answer {
    let now = call.services().clock.now();
    let live = stored.customer.tags.iter().filter(|(_, tag)| tag.is_live(now));
    let tags: BTreeMap<_, _> = live.map(|(name, tag)| (name.as_str(), TagObject::new(*tag, now))).collect();
    let size_hint = 64 + 64 * tags.len();
    ok(&Body { status: StatusOk, tags }, size_hint)
}
