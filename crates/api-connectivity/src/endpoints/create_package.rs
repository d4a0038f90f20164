//! Making a package (§4.8).

use crate::call::{Access, Call};
use crate::envelope::{self, Ack, Answer};
use crate::error::codes;
use crate::face::Face;
use crate::wire::fields::Fields;
use crate::wire::packages::{eligibility, nested_offers};
use muster_app::usecases::connectivity::{ConnectivityError, ConnectivityResult, NewPackage, create_package};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

pub(super) fn mount(face: Face) -> Face {
    let codes = [
        codes::CUSTOMER_1002,
        codes::CUSTOMER_9001,
        codes::CUSTOMER_9003,
        codes::CUSTOMER_9006,
        codes::AUTH_9002,
        codes::GLOBAL_9001,
    ];
    face.route::<__path_create, _, _>(Access::Write, &codes, create)
}

/// A package to be made.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = NewPackage)]
#[expect(
    dead_code,
    reason = "only its schema is used; bodies are read member by member to name what is wrong"
)]
struct PackageBody {
    /// Unique among the customer's packages.
    name: String,
    description: Option<String>,
    /// At least one, in order of consumption.
    nested_offers: Vec<Uuid>,
    /// Ids of direct sub-customers, none, or `ALL` alone.
    eligible_sub_account_ids: Vec<String>,
}

/// A package that was made.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PackageMade)]
struct MadeRow {
    package_id: Uuid,
    request_id: Uuid,
}

/// Makes a package for sub-customers of the requestor's own customer.
#[utoipa::path(post, path = "/api/v2/customer/{customerId}/package",
    operation_id = "create_package", tag = "Packages", params(("customerId" = String, Path)),
    request_body = PackageBody, responses((status = 202, body = Ack<MadeRow>)))]
async fn create(call: Call) -> Answer {
    let new = call.read(read)?;
    let customer = call.customer_to_change().await?;
    let (id, request) = create_package(call.services(), customer, new).await?;
    envelope::made(MadeRow { package_id: id.0, request_id: request.id })
}

fn read(body: &Fields<'_>) -> ConnectivityResult<NewPackage> {
    if body.get("eligibleSubAccountIds").is_none() {
        return Err(ConnectivityError::invalid("eligibleSubAccountIds", "is required; [] for none"));
    }
    let description = body.optional_text("description")?;
    Ok(NewPackage {
        id: None,
        name: body.required_text("name")?.to_owned(),
        description: (!description.is_empty()).then_some(description),
        nested_offers: nested_offers(body)?,
        eligibility: eligibility(body)?,
        is_ever_used: false,
    })
}
