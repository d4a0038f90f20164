//! Packages that the requestor made for its sub-customers (§3.3).

use crate::call::{Access, Call};
use crate::envelope::{self, Ack, Answer};
use crate::error::codes;
use crate::face::Face;
use crate::wire::packages::CreatedPackageRow;

pub(super) fn mount(face: Face) -> Face {
    let codes = [codes::CUSTOMER_1002, codes::CUSTOMER_1006, codes::GLOBAL_9001];
    face.route::<__path_created_packages, _, _>(Access::Read, &codes, created_packages)
}

/// Lists the packages that the customer made, in order of making.
#[utoipa::path(get, path = "/api/v2/customer/{customerId}/package/created-packages",
    operation_id = "list_created_packages", tag = "Packages",
    params(("customerId" = String, Path), ("page" = Option<u64>, Query), ("size" = Option<u64>, Query)),
    responses((status = 200, body = Ack<CreatedPackageRow>)))]
async fn created_packages(call: Call) -> Answer {
    let page = call.page()?;
    let customer = call.own_customer()?;
    let packages =
        muster_app::usecases::connectivity::created_packages(call.services(), customer, page).await?;
    envelope::list(page, packages, CreatedPackageRow::from)
}
