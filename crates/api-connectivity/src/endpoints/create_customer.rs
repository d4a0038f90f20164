//! Making a sub-customer (§4.3).

use crate::call::{Access, Call};
use crate::envelope::{self, Ack, Answer};
use crate::error::codes;
use crate::face::Face;
use crate::wire::fields::{Fields, required};
use crate::wire::words::{ACCOUNT_KIND, ACCOUNT_STATUS, Words};
use muster_app::usecases::connectivity::{ConnectivityResult, NewAccount, create_sub_account};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

/// Optional members that are kept as given: texts.
const TEXTS: [&str; 4] = ["companyNumber", "vatRegistrationNumber", "bankNumber", "logo"];
/// Optional members that are kept as given: objects.
const OBJECTS: [&str; 3] = ["contact", "invoiceConfiguration", "customFields"];
/// Words of `mfaConfiguration`, kept as given.
const MFA: Words<&str> =
    Words::new(&[("MANDATORY", "MANDATORY"), ("ENABLED", "ENABLED"), ("DISABLED", "DISABLED")]);

pub(super) fn mount(face: Face) -> Face {
    let codes = [codes::CUSTOMER_1002, codes::AUTH_9002, codes::GLOBAL_9001];
    face.route::<__path_create, _, _>(Access::Write, &codes, create)
}

/// A sub-customer to be made.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(
    dead_code,
    reason = "only its schema is used; bodies are read member by member to name what is wrong"
)]
struct NewCustomer {
    /// ACTIVE or SUSPEND.
    #[schema(example = "ACTIVE")]
    status: String,
    /// PRIVATE or BUSINESS; PRIVATE if it is left out.
    r#type: Option<String>,
    name: Option<String>,
    /// ISO 4217 code.
    #[schema(example = "EUR")]
    currency: String,
    allow_offer_delegation: Option<bool>,
    is_allowed_imei_lock: Option<bool>,
    company_number: Option<String>,
    vat_registration_number: Option<String>,
    bank_number: Option<String>,
    logo: Option<String>,
    /// MANDATORY, ENABLED or DISABLED.
    mfa_configuration: Option<String>,
    contact: Option<Value>,
    address: Option<Vec<Value>>,
    invoice_configuration: Option<Value>,
    custom_fields: Option<Value>,
}

/// A sub-customer that was made.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CustomerMade)]
struct MadeRow {
    customer_id: Uuid,
    request_id: Uuid,
}

/// Makes a sub-customer right below the requestor's own customer.
#[utoipa::path(post, path = "/api/v2/customer/{customerId}", operation_id = "create_customer", tag = "Customers",
    params(("customerId" = String, Path)), request_body = NewCustomer,
    responses((status = 202, body = Ack<MadeRow>)))]
async fn create(call: Call) -> Answer {
    let new = call.read(read)?;
    let parent = call.customer_to_change().await?;
    let (account, request) = create_sub_account(call.services(), parent, new).await?;
    envelope::made(MadeRow { customer_id: account.id.0, request_id: request.id })
}

fn read(body: &Fields<'_>) -> ConnectivityResult<NewAccount> {
    Ok(NewAccount {
        id: None,
        status: required("status", body.word("status", &ACCOUNT_STATUS))?,
        kind: body.word("type", &ACCOUNT_KIND)?.unwrap_or_default(),
        name: body.optional_text("name")?,
        currency: body.required_text("currency")?.to_owned(),
        allow_offer_delegation: body.flag("allowOfferDelegation")?.unwrap_or_default(),
        is_allowed_imei_lock: body.flag("isAllowedImeiLock")?.unwrap_or_default(),
        details: details(body)?,
    })
}

fn details(body: &Fields<'_>) -> ConnectivityResult<Map<String, Value>> {
    for name in TEXTS {
        body.text(name)?;
    }
    for name in OBJECTS {
        body.object(name)?;
    }
    body.list("address")?;
    body.word("mfaConfiguration", &MFA)?;
    let kept = |name: &str| {
        TEXTS.contains(&name) || OBJECTS.contains(&name) || ["address", "mfaConfiguration"].contains(&name)
    };
    let members = body.members().iter().filter(|(name, value)| kept(name) && !value.is_null());
    Ok(members.map(|(name, value)| (name.clone(), value.clone())).collect())
}
