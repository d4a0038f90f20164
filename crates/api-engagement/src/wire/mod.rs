//! Types of the wire that several answers share. They borrow from the domain and are written straight to the answer.

pub(crate) mod behaviors;
pub(crate) mod campaign;
pub(crate) mod creative;
pub(crate) mod dates;
pub(crate) mod events;
pub(crate) mod links;
pub(crate) mod offers;
pub(crate) mod user;

use serde::{Serialize, Serializer};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// The envelope's `"status": "ok"`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StatusOk;

impl Serialize for StatusOk {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("ok")
    }
}

impl PartialSchema for StatusOk {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::String).enum_values(Some(["ok"])).build().into()
    }
}

impl ToSchema for StatusOk {}
