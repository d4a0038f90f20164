//! Making an offer (§4.10).

use crate::call::{Access, Call};
use crate::envelope::{self, Ack, Answer};
use crate::error::codes;
use crate::face::Face;
use crate::wire::fields::{Fields, required};
use crate::wire::words::{RENEWAL_INTERVAL, TARIFF_KIND};
use muster_app::usecases::connectivity::{ConnectivityError, ConnectivityResult, NewTariff, create_tariff};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

pub(super) fn mount(face: Face) -> Face {
    let codes = [codes::CUSTOMER_1002, codes::AUTH_9002, codes::GLOBAL_9001];
    face.route::<__path_create, _, _>(Access::Write, &codes, create)
}

/// An offer to be made.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = NewOffer)]
#[expect(
    dead_code,
    reason = "only its schema is used; bodies are read member by member to name what is wrong"
)]
struct OfferBody {
    name: String,
    description: Option<String>,
    /// RATE, MONEY, USAGE or POOL.
    #[schema(example = "RATE")]
    r#type: String,
    /// Price of one interval, as a number or as a text of decimal digits.
    #[schema(value_type = f64, example = 12.5)]
    cost: Value,
    /// ISO 4217 code.
    #[schema(example = "EUR")]
    currency: String,
    /// DAILY, WEEKLY, MONTHLY, QUARTERLY, `SEMI_ANNUALLY`, ANNUALLY or `ONE_TIME`.
    #[schema(example = "MONTHLY")]
    renewal_interval: String,
}

/// An offer that was made.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = OfferMade)]
struct MadeRow {
    offer_id: Uuid,
    request_id: Uuid,
}

/// Makes an offer of the requestor's own customer.
#[utoipa::path(post, path = "/api/v2/customer/{customerId}/offer",
    operation_id = "create_offer", tag = "Offers", params(("customerId" = String, Path)),
    request_body = OfferBody, responses((status = 202, body = Ack<MadeRow>)))]
async fn create(call: Call) -> Answer {
    let new = call.read(read)?;
    let customer = call.customer_to_change().await?;
    let (id, request) = create_tariff(call.services(), customer, new).await?;
    envelope::made(MadeRow { offer_id: id.0, request_id: request.id })
}

fn read(body: &Fields<'_>) -> ConnectivityResult<NewTariff> {
    let cost = match body.get("cost") {
        None => return Err(ConnectivityError::invalid("cost", "is required")),
        Some(Value::String(text)) => text.clone(),
        // Written as decimal digits again, or in a form with an exponent, which is refused like any other text.
        Some(Value::Number(number)) => number.to_string(),
        Some(_) => return Err(ConnectivityError::invalid("cost", "a decimal number")),
    };
    Ok(NewTariff {
        id: None,
        name: body.required_text("name")?.to_owned(),
        description: body.optional_text("description")?,
        kind: required("type", body.word("type", &TARIFF_KIND))?,
        cost,
        currency: body.required_text("currency")?.to_owned(),
        renewal_interval: required("renewalInterval", body.word("renewalInterval", &RENEWAL_INTERVAL))?,
    })
}
