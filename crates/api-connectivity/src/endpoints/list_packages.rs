//! Packages that a customer may use, and those that its SIMs have (§4.9).

use crate::call::{Access, Call};
use crate::envelope::{self, Ack, Answer};
use crate::error::codes;
use crate::face::Face;
use crate::wire::packages::PackageRow;
use muster_app::usecases::connectivity::{eligible_packages, packages_in_use};

pub(super) fn mount(face: Face) -> Face {
    let codes = [codes::CUSTOMER_1002, codes::CUSTOMER_1006, codes::GLOBAL_9001];
    face.route::<__path_eligible, _, _>(Access::Read, &codes, eligible).route::<__path_mine, _, _>(
        Access::Read,
        &codes,
        mine,
    )
}

/// Lists the packages of the parent that the requestor's own customer may attach to its SIMs by itself.
#[utoipa::path(get, path = "/api/v2/customer/{customerId}/package/my-eligible-packages",
    operation_id = "list_eligible_packages", tag = "Packages",
    params(("customerId" = String, Path), ("page" = Option<u64>, Query), ("size" = Option<u64>, Query)),
    responses((status = 200, body = Ack<PackageRow>)))]
async fn eligible(call: Call) -> Answer {
    let page = call.page()?;
    let packages = eligible_packages(call.services(), call.own_customer()?, page).await?;
    envelope::list(page, packages, PackageRow::from)
}

/// Lists the packages that SIMs of the requestor's own customer or of a direct sub-customer have.
#[utoipa::path(get, path = "/api/v2/customer/{customerId}/package/my-packages",
    operation_id = "list_packages_in_use", tag = "Packages",
    params(("customerId" = String, Path), ("page" = Option<u64>, Query), ("size" = Option<u64>, Query)),
    responses((status = 200, body = Ack<PackageRow>)))]
async fn mine(call: Call) -> Answer {
    let page = call.page()?;
    let customer = call.visible_customer().await?;
    let packages = packages_in_use(call.services(), &customer, page).await?;
    envelope::list(page, packages, PackageRow::from)
}
