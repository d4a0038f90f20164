//! Deleting a package (§4.8).

use crate::call::{Access, Call};
use crate::envelope::{self, Accepted, Ack, Answer};
use crate::error::codes;
use crate::face::Face;

pub(super) fn mount(face: Face) -> Face {
    let codes = [codes::CUSTOMER_1002, codes::CUSTOMER_1051, codes::CUSTOMER_1053, codes::AUTH_9002];
    face.route::<__path_delete, _, _>(Access::Write, &codes, delete)
}

/// Deletes a package of the requestor's own customer, for ever. Refused while a SIM has it.
#[utoipa::path(delete, path = "/api/v2/customer/{customerId}/package/{packageId}",
    operation_id = "delete_package", tag = "Packages",
    params(("customerId" = String, Path), ("packageId" = String, Path)),
    responses((status = 202, body = Ack<Accepted>)))]
async fn delete(call: Call) -> Answer {
    let customer = call.customer_to_change().await?;
    let package = call.package_id()?;
    let request =
        muster_app::usecases::connectivity::delete_package(call.services(), customer, package).await?;
    envelope::accepted(&request)
}
