//! Offers tied to a campaign (section `offers` of the v2 methods, §3.7).

use super::dates::D3;
use muster_domain::offer::{Deal, Offer, OfferMedia, OfferText};
use serde::{Serialize, Serializer};
use serde_json::Value;
use utoipa::ToSchema;

/// The offers of a campaign.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Offers<'a>(pub(crate) &'a [Offer]);

impl Serialize for Offers<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(OfferObject::from))
    }
}

/// An offer or reward.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Offer)]
pub(crate) struct OfferObject<'a> {
    offer_id: i64,
    name: &'a str,
    /// An open set: `deal`, `trigger`, ….
    #[serde(rename = "type")]
    kind: &'a str,
    /// How many times it can be issued in total.
    total_available: i64,
    /// On offers of type `deal`.
    #[serde(skip_serializing_if = "Option::is_none")]
    deal: Option<DealObject<'a>>,
}

/// The discount behind an offer of type `deal`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Deal)]
struct DealObject<'a> {
    /// The discount, for `percent_discount`.
    #[schema(required)]
    percent: Option<f64>,
    /// An open set: `fixed_amount_discount`, `percent_discount`, ….
    offer_type_id: &'a str,
    id: &'a str,
    root_offer_id: &'a str,
    retailer_id: &'a str,
    offer_text: Vec<TextObject<'a>>,
    valid_after_end_date: bool,
    #[schema(required)]
    value_after_end_date: Option<D3>,
    start_date: D3,
    end_date: D3,
    validity_period: i64,
    validity_unit: &'a str,
    points: i64,
    buy_count: i64,
    max_recurrence: i64,
    /// 0 for the lowest-priced items, 1 for the highest-priced.
    item_price_affinity: i64,
    web_redeem: bool,
    /// Left to issue.
    quantity: i64,
    reward_store: bool,
    #[schema(required, value_type = Option<Vec<Object>>)]
    offer_catalog_restrictions: Option<&'a [Value]>,
    #[schema(required, value_type = Option<Vec<Object>>)]
    offer_purchase_restrictions: Option<&'a [Value]>,
    #[schema(required, value_type = Option<Vec<Object>>)]
    offer_redemption_restrictions: Option<&'a [Value]>,
    #[schema(required, value_type = Option<Vec<Object>>)]
    offer_location_restrictions: Option<&'a [Value]>,
    offer_media: Vec<MediaObject<'a>>,
}

/// An offer's text in one culture.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OfferText)]
struct TextObject<'a> {
    id: &'a str,
    offer_id: &'a str,
    culture: &'a str,
    title: &'a str,
    description: &'a str,
    terms: &'a str,
}

/// A picture, video, sound or link of an offer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OfferMedia)]
struct MediaObject<'a> {
    id: &'a str,
    uri: &'a str,
    category_id: &'a str,
    #[schema(required)]
    category_name: Option<&'a str>,
    /// 1 image, 2 video, 4 audio, 5 web link.
    content_type: i64,
    culture: &'a str,
}

impl<'a> From<&'a Offer> for OfferObject<'a> {
    fn from(offer: &'a Offer) -> Self {
        Self {
            offer_id: offer.id.0,
            name: &offer.name,
            kind: &offer.kind,
            total_available: offer.total_available,
            deal: offer.deal.as_ref().map(DealObject::from),
        }
    }
}

impl<'a> From<&'a Deal> for DealObject<'a> {
    fn from(deal: &'a Deal) -> Self {
        Self {
            percent: deal.percent,
            offer_type_id: &deal.offer_type_id,
            id: &deal.id,
            root_offer_id: &deal.root_offer_id,
            retailer_id: &deal.retailer_id,
            offer_text: deal.offer_text.iter().map(TextObject::from).collect(),
            valid_after_end_date: deal.valid_after_end_date,
            value_after_end_date: deal.value_after_end_date.map(D3),
            start_date: D3(deal.start_date),
            end_date: D3(deal.end_date),
            validity_period: deal.validity_period,
            validity_unit: &deal.validity_unit,
            points: deal.points,
            buy_count: deal.buy_count,
            max_recurrence: deal.max_recurrence,
            item_price_affinity: deal.item_price_affinity,
            web_redeem: deal.web_redeem,
            quantity: deal.quantity,
            reward_store: deal.reward_store,
            offer_catalog_restrictions: deal.offer_catalog_restrictions.as_deref(),
            offer_purchase_restrictions: deal.offer_purchase_restrictions.as_deref(),
            offer_redemption_restrictions: deal.offer_redemption_restrictions.as_deref(),
            offer_location_restrictions: deal.offer_location_restrictions.as_deref(),
            offer_media: deal.offer_media.iter().map(MediaObject::from).collect(),
        }
    }
}

impl<'a> From<&'a OfferText> for TextObject<'a> {
    fn from(text: &'a OfferText) -> Self {
        Self {
            id: &text.id,
            offer_id: &text.offer_id,
            culture: &text.culture,
            title: &text.title,
            description: &text.description,
            terms: &text.terms,
        }
    }
}

impl<'a> From<&'a OfferMedia> for MediaObject<'a> {
    fn from(media: &'a OfferMedia) -> Self {
        Self {
            id: &media.id,
            uri: &media.uri,
            category_id: &media.category_id,
            category_name: media.category_name.as_deref(),
            content_type: media.content_type,
            culture: &media.culture,
        }
    }
}
