//! N2: the model of custom attributes (§4.2).

use crate::auth::Access;
use crate::call::{Answer, Call, ok};
use crate::error::{Fault, Operation};
use crate::face::Face;
use crate::wire::StatusOk;
use muster_app::AppError;
use muster_app::ports::AttributeModel;
use muster_app::usecases::customers::{add_attributes, read_model};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

const OPERATION: Operation = Operation::Customers;

/// Definitions to add, or to put in the place of those of the same name.
#[derive(ToSchema)]
#[schema(as = AddAttributes)]
#[expect(dead_code, reason = "the document describes the request; the endpoint reads either form")]
struct Request {
    /// By name, a type's name or an object that tells more; or an array of objects with a `name`.
    #[schema(value_type = Object)]
    attributes: Value,
}

/// A model.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ModelAnswer)]
struct Body<'a> {
    status: StatusOk,
    model: Model<'a>,
}

/// Definitions of attributes.
#[derive(Debug, Serialize, ToSchema)]
struct Model<'a> {
    #[schema(example = "user_profiles")]
    name: &'a str,
    /// Grows by one with each change.
    version: u64,
    /// The key under which requests carry the attributes.
    #[schema(example = "user_profile")]
    request_key: &'a str,
    /// By name, as they were given.
    #[schema(value_type = Object)]
    attributes: &'a Map<String, Value>,
}

pub(super) fn mount(face: Face) -> Face {
    face.route::<__path_read, _, _>(OPERATION, Access::Server, read).route::<__path_add, _, _>(
        OPERATION,
        Access::Server,
        add,
    )
}

/// Reads a model of custom attributes.
#[utoipa::path(get, path = "/priv/v1/apps/{api_key}/models/{model_name}",
    operation_id = "read_model", tag = "Customers",
    params(("api_key" = String, Path), ("model_name" = String, Path)),
    responses((status = 200, body = Body)))]
async fn read(call: Call) -> Answer {
    answer(&read_model(&call.organization, name(&call))?)
}

/// Adds definitions to a model of custom attributes.
#[utoipa::path(post, path = "/priv/v1/apps/{api_key}/models/{model_name}/attributes",
    operation_id = "add_attributes", tag = "Customers",
    params(("api_key" = String, Path), ("model_name" = String, Path)),
    request_body = Request,
    responses((status = 200, body = Body)))]
async fn add(call: Call) -> Answer {
    let definitions = definitions(&call.json()?)?;
    let model = add_attributes(call.services(), call.organization.id(), name(&call), &definitions).await?;
    answer(&model)
}

fn name(call: &Call) -> &str {
    call.path("model_name").unwrap_or_default()
}

fn definitions(body: &Value) -> Result<Map<String, Value>, Fault> {
    match body.get("attributes") {
        None | Some(Value::Null) => Err(AppError::Missing("attributes".to_owned()).into()),
        Some(Value::Object(definitions)) => Ok(definitions.clone()),
        Some(Value::Array(items)) => items.iter().map(named).collect(),
        Some(_) => Err(AppError::invalid("attributes must be an object or an array of objects").into()),
    }
}

fn named(item: &Value) -> Result<(String, Value), Fault> {
    let shape = || AppError::invalid("attributes must be objects with a name");
    let mut definition = item.as_object().ok_or_else(shape)?.clone();
    match definition.shift_remove("name") {
        Some(Value::String(name)) => Ok((name, Value::Object(definition))),
        _ => Err(shape().into()),
    }
}

fn answer(model: &AttributeModel) -> Answer {
    let AttributeModel { name, version, attributes } = model;
    let request_key = name.strip_suffix('s').unwrap_or(name);
    let model = Model { name, version: *version, request_key, attributes };
    ok(&Body { status: StatusOk, model }, 512)
}
