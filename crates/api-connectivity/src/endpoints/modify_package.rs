//! Changing a package (§4.8).

use crate::call::{Access, Call};
use crate::envelope::{self, Accepted, Ack, Answer};
use crate::error::codes;
use crate::face::Face;
use crate::wire::fields::Fields;
use crate::wire::packages::{eligibility, nested_offers};
use muster_app::usecases::connectivity::{
    ConnectivityError, ConnectivityResult, PackageChange, modify_package,
};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

pub(super) fn mount(face: Face) -> Face {
    let codes = [
        codes::CUSTOMER_1002,
        codes::CUSTOMER_1051,
        codes::CUSTOMER_9002,
        codes::CUSTOMER_9003,
        codes::CUSTOMER_9006,
        codes::AUTH_9002,
        codes::GLOBAL_9001,
    ];
    face.route::<__path_modify, _, _>(Access::Write, &codes, modify)
}

/// What changes of a package. What is left out stays; what is sent empty is taken away.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PackageChange)]
#[expect(
    dead_code,
    reason = "only its schema is used; bodies are read member by member to name what is wrong"
)]
struct PackageBody {
    description: Option<String>,
    /// Refused once the package was attached to any SIM.
    nested_offers: Option<Vec<Uuid>>,
    /// Ids of direct sub-customers, none, or `ALL` alone.
    eligible_sub_account_ids: Option<Vec<String>>,
}

/// Changes a package of the requestor's own customer.
#[utoipa::path(patch, path = "/api/v2/customer/{customerId}/package/{packageId}",
    operation_id = "modify_package", tag = "Packages",
    params(("customerId" = String, Path), ("packageId" = String, Path)), request_body = PackageBody,
    responses((status = 202, body = Ack<Accepted>)))]
async fn modify(call: Call) -> Answer {
    let change = call.read(read)?;
    let customer = call.customer_to_change().await?;
    envelope::accepted(&modify_package(call.services(), customer, call.package_id()?, &change).await?)
}

fn read(body: &Fields<'_>) -> ConnectivityResult<PackageChange> {
    if body.has("name") {
        return Err(ConnectivityError::invalid("name", "a package keeps its name"));
    }
    let mut change = PackageChange::default();
    if body.has("description") {
        let text = body.optional_text("description")?;
        change.description = Some((!text.is_empty()).then_some(text));
    }
    if body.has("nestedOffers") {
        change.nested_offers = Some(nested_offers(body)?);
    }
    if body.has("eligibleSubAccountIds") {
        change.eligibility = Some(eligibility(body)?);
    }
    Ok(change)
}
