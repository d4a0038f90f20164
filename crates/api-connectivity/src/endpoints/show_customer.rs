//! One customer (§4.3).

use crate::call::{Access, Call};
use crate::envelope::{self, Ack, Answer};
use crate::error::codes;
use crate::face::Face;
use crate::wire::words::{ACCOUNT_KIND, ACCOUNT_STATUS};
use muster_domain::account::Account;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

pub(super) fn mount(face: Face) -> Face {
    face.route::<__path_show, _, _>(Access::Read, &[codes::CUSTOMER_1002], show)
}

/// A customer.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Customer)]
struct CustomerRow {
    customer_id: Uuid,
    /// ACTIVE or SUSPEND.
    #[schema(value_type = String, example = "ACTIVE")]
    status: &'static str,
    /// PRIVATE or BUSINESS.
    #[schema(value_type = String, example = "BUSINESS")]
    r#type: &'static str,
    name: String,
    /// ISO 4217 code.
    #[schema(example = "EUR")]
    currency: String,
    /// Whether it may attach its parent's packages to its own SIMs.
    allow_offer_delegation: bool,
    is_allowed_imei_lock: bool,
    is_imei_lock_enabled: bool,
    /// Empty if there is none, like every optional text.
    company_number: String,
    vat_registration_number: String,
    bank_number: String,
    /// Whatever else was given when it was made: `contact`, `address`, `customFields` and others.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    further: Map<String, Value>,
}

impl From<Account> for CustomerRow {
    fn from(account: Account) -> Self {
        let mut further = account.details;
        let mut take = |name: &str| match further.shift_remove(name) {
            Some(Value::String(text)) => text,
            _ => String::new(),
        };
        Self {
            customer_id: account.id.0,
            status: ACCOUNT_STATUS.word(account.status),
            r#type: ACCOUNT_KIND.word(account.kind),
            name: account.name,
            currency: account.currency,
            allow_offer_delegation: account.allow_offer_delegation,
            is_allowed_imei_lock: account.is_allowed_imei_lock,
            is_imei_lock_enabled: account.is_imei_lock_enabled,
            company_number: take("companyNumber"),
            vat_registration_number: take("vatRegistrationNumber"),
            bank_number: take("bankNumber"),
            further,
        }
    }
}

/// Shows the requestor's own customer or a direct sub-customer.
#[utoipa::path(get, path = "/api/v2/customer/{customerId}", operation_id = "show_customer", tag = "Customers",
    params(("customerId" = String, Path)), responses((status = 200, body = Ack<CustomerRow>)))]
async fn show(call: Call) -> Answer {
    envelope::one(CustomerRow::from(call.visible_customer().await?))
}
