//! Offers tied to a campaign.

use crate::ids::OfferId;
use crate::time::UnixMillis;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// An offer or reward of a campaign.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Offer {
    /// Its identifier.
    pub id: OfferId,
    /// Display name.
    pub name: String,
    /// An open set of kinds; `deal` offers carry a [`Deal`].
    pub kind: String,
    /// How many times it can be issued in total.
    pub total_available: i64,
    /// Present exactly when `kind` is `deal`.
    pub deal: Option<Deal>,
}

/// The discount behind a `deal` offer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Deal {
    /// GUID of the offer.
    pub id: String,
    /// GUID of the parent offer.
    pub root_offer_id: String,
    /// GUID of the retailer.
    pub retailer_id: String,
    /// `fixed_amount_discount`, `percent_discount`, or another kind.
    pub offer_type_id: String,
    /// Discount in percent, when `offer_type_id` is `percent_discount`.
    pub percent: Option<f64>,
    /// Texts by culture.
    pub offer_text: Vec<OfferText>,
    /// Still redeemable after `window` ends.
    pub valid_after_end_date: bool,
    /// Value once expired; see contract question Q12.
    pub value_after_end_date: Option<UnixMillis>,
    /// First instant of the redemption period.
    pub start_date: UnixMillis,
    /// End of the redemption period.
    pub end_date: UnixMillis,
    /// How long the offer is valid once started, in `validity_unit`.
    pub validity_period: i64,
    /// `day`, `hour`, `year`, ….
    pub validity_unit: String,
    /// Price in points.
    pub points: i64,
    /// Items to buy.
    pub buy_count: i64,
    /// Maximum recurrences.
    pub max_recurrence: i64,
    /// 0 for the lowest-priced items, 1 for the highest-priced.
    pub item_price_affinity: i64,
    /// Redeemable on the retailer's web site.
    pub web_redeem: bool,
    /// Offers remaining for purchase.
    pub quantity: i64,
    /// Sold in the reward store.
    pub reward_store: bool,
    /// Eligible catalog items, as given.
    pub offer_catalog_restrictions: Option<Vec<Value>>,
    /// Purchase restrictions, as given.
    pub offer_purchase_restrictions: Option<Vec<Value>>,
    /// Redemption restrictions, as given.
    pub offer_redemption_restrictions: Option<Vec<Value>>,
    /// Location restrictions, as given.
    pub offer_location_restrictions: Option<Vec<Value>>,
    /// Pictures and links by culture.
    pub offer_media: Vec<OfferMedia>,
}

/// An offer's text in one culture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferText {
    /// GUID of the text.
    pub id: String,
    /// GUID of the owning offer.
    pub offer_id: String,
    /// Language or locale.
    pub culture: String,
    /// Title.
    pub title: String,
    /// Description.
    pub description: String,
    /// Fine print.
    pub terms: String,
}

/// A picture, video, sound or link of an offer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferMedia {
    /// Identifier of the offer group.
    pub id: String,
    /// Where it is.
    pub uri: String,
    /// Category identifier.
    pub category_id: String,
    /// Category name.
    pub category_name: Option<String>,
    /// 1 image, 2 video, 4 audio, 5 web link.
    pub content_type: i64,
    /// Language or locale.
    pub culture: String,
}
