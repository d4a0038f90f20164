//! Offers that a customer made (§4.10).

use crate::call::{Access, Call};
use crate::envelope::{self, Ack, Answer};
use crate::error::codes;
use crate::face::Face;
use crate::wire::dates;
use crate::wire::words::{RENEWAL_INTERVAL, TARIFF_KIND};
use muster_app::usecases::connectivity::page_tariffs;
use muster_domain::tariff::{Tariff, TariffKind};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

pub(super) fn mount(face: Face) -> Face {
    let codes = [codes::CUSTOMER_1002, codes::GLOBAL_9001];
    face.route::<__path_offers, _, _>(Access::Read, &codes, offers)
}

/// An offer. Exactly one of `rate`, `money`, `usage` and `pool` is there, after its type.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Offer)]
struct OfferRow {
    id: Uuid,
    name: String,
    /// Empty if there is none.
    description: String,
    /// RATE, MONEY, USAGE or POOL.
    #[schema(value_type = String, example = "RATE")]
    r#type: &'static str,
    #[schema(example = "2022-08-22 14:13:59")]
    creation_time: String,
    /// Empty if it does not end.
    #[schema(example = "")]
    expiration_time: String,
    /// DAILY, WEEKLY, MONTHLY, QUARTERLY, `SEMI_ANNUALLY`, ANNUALLY or `ONE_TIME`.
    #[schema(value_type = String, example = "MONTHLY")]
    renewal_interval: &'static str,
    is_prorated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    rate: Option<PriceRow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    money: Option<PriceRow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<PriceRow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pool: Option<PriceRow>,
}

/// What an interval of an offer costs.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Price)]
struct PriceRow {
    #[schema(example = 12.5)]
    cost: f64,
    /// ISO 4217 code.
    #[schema(example = "EUR")]
    currency: String,
}

impl From<Tariff> for OfferRow {
    fn from(tariff: Tariff) -> Self {
        // At most 15 digits, so the nearest binary fraction is written as the same decimal again.
        let cost = tariff.cost.parse().unwrap_or_default();
        let price = |kind: TariffKind| {
            (tariff.kind == kind).then(|| PriceRow { cost, currency: tariff.currency.clone() })
        };
        Self {
            rate: price(TariffKind::Rate),
            money: price(TariffKind::Money),
            usage: price(TariffKind::Usage),
            pool: price(TariffKind::Pool),
            id: tariff.id.0,
            name: tariff.name,
            description: tariff.description,
            r#type: TARIFF_KIND.word(tariff.kind),
            creation_time: dates::write(tariff.created_at),
            expiration_time: tariff.expires_at.map(dates::write).unwrap_or_default(),
            renewal_interval: RENEWAL_INTERVAL.word(tariff.renewal_interval),
            is_prorated: tariff.is_prorated,
        }
    }
}

/// Lists the offers that the requestor's own customer made, in order of making.
#[utoipa::path(get, path = "/api/v2/customer/{customerId}/offer/created-offers",
    operation_id = "list_created_offers", tag = "Offers",
    params(("customerId" = String, Path), ("page" = Option<u64>, Query), ("size" = Option<u64>, Query)),
    responses((status = 200, body = Ack<OfferRow>)))]
async fn offers(call: Call) -> Answer {
    let page = call.page()?;
    let tariffs = page_tariffs(call.services(), call.own_customer()?, page).await?;
    envelope::list(page, tariffs, OfferRow::from)
}
