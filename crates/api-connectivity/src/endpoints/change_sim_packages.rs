//! Attaching packages to SIMs and detaching them, for one SIM or for up to 200 (§4.9).

use super::change_sim_status::SimNamed;
use crate::call::{Access, Call};
use crate::envelope::{self, Accepted, Ack, Answer};
use crate::error::Fault;
use crate::error::codes::{self, Code};
use crate::face::Face;
use crate::wire::bulk::{self, Identifiers};
use crate::wire::fields::{Fields, required, uuid};
use muster_app::usecases::connectivity::{ConnectivityResult, PackageStep, Side, change_sim_packages};
use muster_domain::ids::PackageId;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

const ATTACH: [Code; 5] = [
    codes::SUBSCRIBER_1002,
    codes::CUSTOMER_1051,
    codes::SUBSCRIBER_9002,
    codes::AUTH_9002,
    codes::GLOBAL_9001,
];
const DETACH: [Code; 5] = [
    codes::SUBSCRIBER_1002,
    codes::CUSTOMER_1051,
    codes::SUBSCRIBER_9001,
    codes::AUTH_9002,
    codes::GLOBAL_9001,
];

pub(super) fn mount(face: Face) -> Face {
    face.route::<__path_attach, _, _>(Access::Write, &ATTACH, attach)
        .route::<__path_detach, _, _>(Access::Write, &DETACH, detach)
        .route::<__path_attach_many, _, _>(Access::Write, &ATTACH, attach_many)
        .route::<__path_detach_many, _, _>(Access::Write, &DETACH, detach_many)
}

/// As whom the requestor acts.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PackageSide)]
#[expect(
    dead_code,
    reason = "only its schema is used; bodies are read member by member to name what is wrong"
)]
struct SideBody {
    /// False: as the package's creator, on a SIM of a sub-customer. True: for itself, on its own SIM, with a package of
    /// its parent.
    my_package: Option<bool>,
}

/// Entries of up to 200 SIMs.
#[derive(Deserialize, ToSchema)]
#[expect(
    dead_code,
    reason = "only its schema is used; bodies are read member by member to name what is wrong"
)]
struct PackageBulk {
    bulk: Vec<PackageEntry>,
}

/// One SIM with its package.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(
    dead_code,
    reason = "only its schema is used; bodies are read member by member to name what is wrong"
)]
struct PackageEntry {
    subscriber_identifiers: SimNamed,
    content: PackageContent,
}

/// A package, and as whom the requestor acts.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(
    dead_code,
    reason = "only its schema is used; bodies are read member by member to name what is wrong"
)]
struct PackageContent {
    package_id: Uuid,
    my_package: Option<bool>,
}

/// Attaches a package to a SIM. A SIM has one at most.
#[utoipa::path(post, path = "/api/v2/subscriber/{type}/{value}/package/{packageId}/attach",
    operation_id = "attach_package", tag = "Packages",
    params(("type" = String, Path), ("value" = String, Path), ("packageId" = String, Path)),
    request_body = Option<SideBody>, responses((status = 202, body = Ack<Accepted>)))]
async fn attach(call: Call) -> Answer {
    one(&call, PackageStep::Attach).await
}

/// Detaches a package from a SIM.
#[utoipa::path(post, path = "/api/v2/subscriber/{type}/{value}/package/{packageId}/detach",
    operation_id = "detach_package", tag = "Packages",
    params(("type" = String, Path), ("value" = String, Path), ("packageId" = String, Path)),
    request_body = Option<SideBody>, responses((status = 202, body = Ack<Accepted>)))]
async fn detach(call: Call) -> Answer {
    one(&call, PackageStep::Detach).await
}

/// Attaches packages to up to 200 SIMs: to all of them, or to none.
#[utoipa::path(post, path = "/api/v2/bulk/subscriber/package/attach",
    operation_id = "attach_packages", tag = "Packages", request_body = PackageBulk,
    responses((status = 202, body = Ack<Accepted>)))]
async fn attach_many(call: Call) -> Answer {
    many(&call, PackageStep::Attach).await
}

/// Detaches packages from up to 200 SIMs: from all of them, or from none.
#[utoipa::path(post, path = "/api/v2/bulk/subscriber/package/detach",
    operation_id = "detach_packages", tag = "Packages", request_body = PackageBulk,
    responses((status = 202, body = Ack<Accepted>)))]
async fn detach_many(call: Call) -> Answer {
    many(&call, PackageStep::Detach).await
}

async fn one(call: &Call, step: PackageStep) -> Answer {
    let body = call.json_if_any()?;
    let side = side(&Fields::new(&body))?;
    let sim = call.sim()?;
    let package = match call.package_id() {
        Ok(package) => package,
        // The SIM comes first in the order of checks; the nil id is nobody's package.
        Err(_) => PackageId(Uuid::nil()),
    };
    let request =
        change_sim_packages(call.services(), call.requestor()?, step, &[(sim, package, side)]).await;
    envelope::accepted(&request.map_err(Fault::of_one)?)
}

async fn many(call: &Call, step: PackageStep) -> Answer {
    let entries = call.read(|body| {
        bulk::of_sims(body, Identifiers::OfSimsOrDevices, |content| {
            let id = required("packageId", Ok(content.get("packageId")))?;
            Ok((PackageId(uuid("packageId", id)?), side(content)?))
        })
    })?;
    let entries: Vec<_> = entries.into_iter().map(|(sim, (package, side))| (sim, package, side)).collect();
    envelope::accepted(&change_sim_packages(call.services(), call.requestor()?, step, &entries).await?)
}

fn side(body: &Fields<'_>) -> ConnectivityResult<Side> {
    Ok(if body.flag("myPackage")?.unwrap_or_default() { Side::SelfService } else { Side::Creator })
}
