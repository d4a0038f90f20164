//! Sub-customers, one level down (§4.3).

use crate::call::{Access, Call};
use crate::envelope::{self, Ack, Answer};
use crate::error::codes;
use crate::face::Face;
use muster_app::usecases::connectivity::child_accounts;
use muster_domain::account::Account;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

pub(super) fn mount(face: Face) -> Face {
    let codes = [codes::CUSTOMER_1002, codes::CUSTOMER_1006, codes::GLOBAL_9001];
    face.route::<__path_children, _, _>(Access::Read, &codes, children)
}

/// A sub-customer.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ChildCustomer)]
struct ChildRow {
    customer_id: Uuid,
    customer_name: String,
}

impl From<Account> for ChildRow {
    fn from(account: Account) -> Self {
        Self { customer_id: account.id.0, customer_name: account.name }
    }
}

/// Lists the direct sub-customers of the requestor's own customer.
#[utoipa::path(get, path = "/api/v2/customer/{customerId}/child-customers",
    operation_id = "list_child_customers", tag = "Customers",
    params(("customerId" = String, Path), ("page" = Option<u64>, Query), ("size" = Option<u64>, Query)),
    responses((status = 200, body = Ack<ChildRow>)))]
async fn children(call: Call) -> Answer {
    let page = call.page()?;
    let accounts = child_accounts(call.services(), call.own_customer()?, page).await?;
    envelope::list(page, accounts, ChildRow::from)
}
