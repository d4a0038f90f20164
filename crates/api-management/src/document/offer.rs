//! Offers in documents.

use super::matching::{Candidates, Reading};
use super::{DocumentError, When};
use muster_domain::campaign::Campaign;
use muster_domain::ids::OfferId;
use muster_domain::offer::{Deal, Offer, OfferMedia, OfferText};
use muster_domain::time::{UnixMillis, Window};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// An offer or reward of a campaign.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Offer)]
#[serde(deny_unknown_fields)]
pub struct OfferDocument {
    /// Identifier; left out, it is kept from the stored offer of the same name, or made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<i64>,
    /// Display name.
    pub name: String,
    /// An open set of kinds; `deal` has terms, below.
    #[serde(rename = "type")]
    #[schema(example = "deal")]
    pub kind: String,
    /// How many times it can be issued in total.
    #[serde(default)]
    pub total_available: i64,
    /// The discount, for type `deal`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deal: Option<DealDocument>,
}

/// The discount behind a `deal` offer. GUIDs that are left out are kept or made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Deal)]
#[serde(deny_unknown_fields)]
pub struct DealDocument {
    /// GUID of the offer.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// GUID of the parent offer; by default the offer itself.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub root_offer_id: String,
    /// GUID of the retailer; by default one that stands for the organization.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub retailer_id: String,
    /// `fixed_amount_discount`, `percent_discount`, or another kind.
    #[schema(example = "percent_discount")]
    pub offer_type_id: String,
    /// Discount in percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percent: Option<f64>,
    /// Start of the redemption period; by default that of the campaign.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "2026-03-01T12:00:00Z")]
    pub start_date: Option<When>,
    /// End of the redemption period; by default that of the campaign.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "2026-04-01T12:00:00Z")]
    pub end_date: Option<When>,
    /// Still redeemable after the end.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub valid_after_end_date: bool,
    /// The moment that the contract's `value_after_end_date` shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub value_after_end_date: Option<When>,
    /// How long the offer is valid once started, in `validity_unit`.
    #[serde(default = "one")]
    pub validity_period: i64,
    /// `day`, `hour`, `year`, ….
    #[serde(default = "day")]
    pub validity_unit: String,
    /// Price in points.
    #[serde(default)]
    pub points: i64,
    /// Items to buy.
    #[serde(default)]
    pub buy_count: i64,
    /// Maximum recurrences.
    #[serde(default = "one")]
    pub max_recurrence: i64,
    /// 0 for the lowest-priced items, 1 for the highest-priced.
    #[serde(default)]
    pub item_price_affinity: i64,
    /// Redeemable on the retailer's web site.
    #[serde(default)]
    pub web_redeem: bool,
    /// Offers remaining for purchase.
    #[serde(default)]
    pub quantity: i64,
    /// Sold in the reward store.
    #[serde(default)]
    pub reward_store: bool,
    /// Texts by culture.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub texts: Vec<OfferTextDocument>,
    /// Pictures and links by culture.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub media: Vec<OfferMediaDocument>,
    /// Eligible catalog items, as given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<Value>>)]
    pub catalog_restrictions: Option<Vec<Value>>,
    /// Purchase restrictions, as given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<Value>>)]
    pub purchase_restrictions: Option<Vec<Value>>,
    /// Redemption restrictions, as given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<Value>>)]
    pub redemption_restrictions: Option<Vec<Value>>,
    /// Location restrictions, as given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<Value>>)]
    pub location_restrictions: Option<Vec<Value>>,
}

const fn one() -> i64 {
    1
}

fn day() -> String {
    "day".to_owned()
}

/// An offer's text in one culture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = OfferText)]
#[serde(deny_unknown_fields)]
pub struct OfferTextDocument {
    /// GUID of the text.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// GUID of the owning offer; by default this one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub offer_id: String,
    /// Language or locale.
    #[serde(default = "english")]
    pub culture: String,
    /// Title.
    #[serde(default)]
    pub title: String,
    /// Description.
    #[serde(default)]
    pub description: String,
    /// Fine print.
    #[serde(default)]
    pub terms: String,
}

/// A picture, video, sound or link of an offer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = OfferMedia)]
#[serde(deny_unknown_fields)]
pub struct OfferMediaDocument {
    /// Identifier of the offer group.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// Where it is.
    pub uri: String,
    /// Category identifier.
    #[serde(default)]
    pub category_id: String,
    /// Category name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category_name: Option<String>,
    /// 1 image, 2 video, 4 audio, 5 web link.
    #[serde(default = "one")]
    pub content_type: i64,
    /// Language or locale.
    #[serde(default = "english")]
    pub culture: String,
}

fn english() -> String {
    "en".to_owned()
}

/// Reads a list of offers; those of `stored` that it means keep their ids and GUIDs.
pub(super) fn read_all(
    documents: &[OfferDocument],
    stored: Option<&Campaign>,
    window: Window,
    reading: &Reading,
) -> Result<Vec<Offer>, DocumentError> {
    let stored = stored.map_or(&[][..], |campaign| campaign.offers.as_slice());
    let claimed = |offer: &Offer| documents.iter().any(|document| document.id == Some(offer.id.0));
    let mut candidates = Candidates::new(stored, claimed);
    documents
        .iter()
        .enumerate()
        .map(|(index, document)| {
            let known = match document.id {
                Some(id) => stored.iter().find(|offer| offer.id.0 == id),
                None => candidates.recognise(|offer| offer.name == document.name),
            };
            document.read(&format!("offers[{index}]"), known, window, reading)
        })
        .collect()
}

/// The text, else what is stored, else nothing.
fn kept(given: &str, stored: Option<&String>) -> String {
    if given.is_empty() { stored.cloned().unwrap_or_default() } else { given.to_owned() }
}

impl DealDocument {
    fn read(&self, stored: Option<&Deal>, window: Window, reading: &Reading) -> Deal {
        let text = |(index, text): (usize, &OfferTextDocument)| {
            let before = stored.and_then(|deal| deal.offer_text.get(index));
            OfferText {
                id: kept(&text.id, before.map(|before| &before.id)),
                offer_id: kept(&text.offer_id, before.map(|before| &before.offer_id)),
                culture: text.culture.clone(),
                title: text.title.clone(),
                description: text.description.clone(),
                terms: text.terms.clone(),
            }
        };
        let media = |(index, media): (usize, &OfferMediaDocument)| {
            let before = stored.and_then(|deal| deal.offer_media.get(index));
            OfferMedia {
                id: kept(&media.id, before.map(|before| &before.id)),
                uri: media.uri.clone(),
                category_id: media.category_id.clone(),
                category_name: media.category_name.clone(),
                content_type: media.content_type,
                culture: media.culture.clone(),
            }
        };
        Deal {
            id: kept(&self.id, stored.map(|deal| &deal.id)),
            root_offer_id: kept(&self.root_offer_id, stored.map(|deal| &deal.root_offer_id)),
            retailer_id: kept(&self.retailer_id, stored.map(|deal| &deal.retailer_id)),
            offer_type_id: self.offer_type_id.clone(),
            percent: self.percent,
            offer_text: self.texts.iter().enumerate().map(text).collect(),
            valid_after_end_date: self.valid_after_end_date,
            value_after_end_date: self
                .value_after_end_date
                .map(|date| reading.instant(date, stored.and_then(|deal| deal.value_after_end_date))),
            start_date: self
                .start_date
                .map_or(window.starts_at, |date| reading.instant(date, stored.map(|deal| deal.start_date))),
            end_date: self
                .end_date
                .map_or(window.ends_at, |date| reading.instant(date, stored.map(|deal| deal.end_date))),
            validity_period: self.validity_period,
            validity_unit: self.validity_unit.clone(),
            points: self.points,
            buy_count: self.buy_count,
            max_recurrence: self.max_recurrence,
            item_price_affinity: self.item_price_affinity,
            web_redeem: self.web_redeem,
            quantity: self.quantity,
            reward_store: self.reward_store,
            offer_catalog_restrictions: self.catalog_restrictions.clone(),
            offer_purchase_restrictions: self.purchase_restrictions.clone(),
            offer_redemption_restrictions: self.redemption_restrictions.clone(),
            offer_location_restrictions: self.location_restrictions.clone(),
            offer_media: self.media.iter().enumerate().map(media).collect(),
        }
    }

    fn of(deal: &Deal, window: Window) -> Self {
        Self {
            id: deal.id.clone(),
            root_offer_id: deal.root_offer_id.clone(),
            retailer_id: deal.retailer_id.clone(),
            offer_type_id: deal.offer_type_id.clone(),
            percent: deal.percent,
            start_date: (deal.start_date != window.starts_at).then(|| deal.start_date.into()),
            end_date: (deal.end_date != window.ends_at).then(|| deal.end_date.into()),
            valid_after_end_date: deal.valid_after_end_date,
            value_after_end_date: deal.value_after_end_date.map(When::from),
            validity_period: deal.validity_period,
            validity_unit: deal.validity_unit.clone(),
            points: deal.points,
            buy_count: deal.buy_count,
            max_recurrence: deal.max_recurrence,
            item_price_affinity: deal.item_price_affinity,
            web_redeem: deal.web_redeem,
            quantity: deal.quantity,
            reward_store: deal.reward_store,
            texts: deal
                .offer_text
                .iter()
                .map(|text| OfferTextDocument {
                    id: text.id.clone(),
                    offer_id: text.offer_id.clone(),
                    culture: text.culture.clone(),
                    title: text.title.clone(),
                    description: text.description.clone(),
                    terms: text.terms.clone(),
                })
                .collect(),
            media: deal
                .offer_media
                .iter()
                .map(|media| OfferMediaDocument {
                    id: media.id.clone(),
                    uri: media.uri.clone(),
                    category_id: media.category_id.clone(),
                    category_name: media.category_name.clone(),
                    content_type: media.content_type,
                    culture: media.culture.clone(),
                })
                .collect(),
            catalog_restrictions: deal.offer_catalog_restrictions.clone(),
            purchase_restrictions: deal.offer_purchase_restrictions.clone(),
            redemption_restrictions: deal.offer_redemption_restrictions.clone(),
            location_restrictions: deal.offer_location_restrictions.clone(),
        }
    }
}

impl OfferDocument {
    /// Reads one offer of a stored campaign: the one of that id anew, or with `None` a further one.
    pub(crate) fn read_alone(
        &self,
        campaign: &Campaign,
        id: Option<i64>,
        now: UnixMillis,
    ) -> Result<Offer, DocumentError> {
        let stored = id.and_then(|id| campaign.offers.iter().find(|offer| offer.id.0 == id));
        self.read("", stored, campaign.window, &Reading::new(now))
    }

    fn read(
        &self,
        place: &str,
        stored: Option<&Offer>,
        window: Window,
        reading: &Reading,
    ) -> Result<Offer, DocumentError> {
        let before = stored.and_then(|offer| offer.deal.as_ref());
        Ok(Offer {
            id: OfferId(reading.id(place, self.id, stored.map(|offer| offer.id.0))?),
            name: self.name.clone(),
            kind: self.kind.clone(),
            total_available: self.total_available,
            deal: self.deal.as_ref().map(|deal| deal.read(before, window, reading)),
        })
    }

    /// The document of an offer in a campaign with that run window.
    pub(crate) fn of(offer: &Offer, window: Window) -> Self {
        Self {
            id: Some(offer.id.0).filter(|id| *id > 0),
            name: offer.name.clone(),
            kind: offer.kind.clone(),
            total_available: offer.total_available,
            deal: offer.deal.as_ref().map(|deal| DealDocument::of(deal, window)),
        }
    }
}
