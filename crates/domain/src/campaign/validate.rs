//! What a campaign must satisfy before it is stored, whichever face it comes through.

use super::creative::{Creative, CreativeContent, Delivery, MessageTemplate, TileAction, TileMessage};
use super::{ActionType, AdBundle, Campaign, Group, LineItem};
use crate::audience::Targeting;
use crate::behavior::BehaviorError;
use crate::offer::{Deal, Offer};
use crate::time::{UnixMillis, Window};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::{self, Display};

/// Bounds of a campaign. They keep the compiled set and every answer small; each is tested at its edge.
pub mod limits {
    /// Characters of a name, a permalink, a tag or a label.
    pub const MAX_TEXT_CHARS: usize = 255;
    /// Characters of an address.
    pub const MAX_URL_CHARS: usize = 2_048;
    /// Bytes of a page's HTML or a message's text.
    pub const MAX_CONTENT_BYTES: usize = 256 * 1024;
    /// Bytes of client data (`metadata`, `custom_payload`, a template's `data`) written as JSON.
    pub const MAX_DATA_BYTES: usize = 64 * 1024;
    /// Line items of one campaign.
    pub const MAX_LINE_ITEMS: usize = 20;
    /// Groups, and with them creatives, of one campaign.
    pub const MAX_GROUPS: usize = 200;
    /// Behaviors of one campaign.
    pub const MAX_BEHAVIORS: usize = 100;
    /// Offers of one campaign.
    pub const MAX_OFFERS: usize = 100;
    /// Views that a frequency cap can allow: so many instants may be stored with a customer.
    pub const MAX_CAP_VIEWS: u32 = 1_000;
}

/// A campaign that cannot be stored: where, and why (contract rows E36–E40, rule C1-R5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CampaignError {
    /// The place below the campaign, such as `line_items[0].groups[2].creative.delivery`.
    pub place: String,
    /// What is wrong there.
    pub fault: Fault,
}

impl Display for CampaignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.fault)
    }
}

impl std::error::Error for CampaignError {}

/// What can be wrong with a campaign.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// A text that must say something is empty.
    #[error("must not be empty")]
    Empty,
    /// A text holds the NUL character (contract row H8).
    #[error("must not contain the NUL character")]
    Nul,
    /// A text is longer than its limit.
    #[error("is longer than {0} characters")]
    TooLong(usize),
    /// Content or data is larger than its limit.
    #[error("is larger than {0} bytes")]
    TooLarge(usize),
    /// A list is longer than its limit.
    #[error("has more than {0} elements")]
    TooMany(usize),
    /// A figure is outside its range.
    #[error("must be between {min} and {max}")]
    OutOfRange {
        /// Smallest value.
        min: i64,
        /// Largest value.
        max: i64,
    },
    /// A date that not every answer could spell (contract row H12).
    #[error("must lie between the years 1 and 9999")]
    DateOutOfRange,
    /// A window ends at or before its start.
    #[error("must lie after `starts_at`")]
    EmptyWindow,
    /// A redemption period ends at or before its start.
    #[error("must lie after `start_date`")]
    EmptyPeriod,
    /// The opt-in window starts after the run window does (contract rule C1-R5).
    #[error("must start on or before the campaign starts")]
    OptInStartsLate,
    /// The opt-in window ends after the run window does (contract rule C1-R5).
    #[error("must end on or before the campaign ends")]
    OptInEndsLate,
    /// Reporting ends before the campaign starts, so that nothing would ever be counted.
    #[error("must not lie before the campaign starts")]
    ReportingEndsEarly,
    /// A message's moment or window never meets the campaign's run window.
    #[error("lies wholly outside the campaign's run window")]
    OutsideCampaign,
    /// The same identifier or name stands twice where it must be unique.
    #[error("{0} is given twice")]
    Duplicate(String),
    /// A triggered delivery names a behavior that the campaign does not have.
    #[error("behavior {0} is not one of this campaign")]
    UnknownBehavior(i64),
    /// A part is needed that is not there.
    #[error("is needed: {0}")]
    Missing(&'static str),
    /// A part is there that must not be.
    #[error("must be left out: {0}")]
    Unwanted(&'static str),
    /// An address that is not one, or of a kind that could run a script.
    #[error("must be an absolute address, and neither `javascript:`, `data:` nor `vbscript:`")]
    BadUrl,
    /// A targeting query that does not parse (contract row E40).
    #[error("{0}")]
    Targeting(String),
    /// A behavior's definition is refused.
    #[error(transparent)]
    Behavior(BehaviorError),
}

/// The first instant that every wire format can spell: 0001-01-01T00:00:00Z.
const MIN_WIRE: UnixMillis = UnixMillis(-62_135_596_800_000);

type Checked = Result<(), CampaignError>;

fn refuse(place: impl Display, fault: Fault) -> Checked {
    Err(CampaignError { place: place.to_string(), fault })
}

impl Campaign {
    /// Checks the campaign as a whole; the first fault found is reported, with its place.
    ///
    /// Names that must be unique in the organization and references outside the campaign (its division) are not
    /// checked here: only the store can.
    pub fn validate(&self) -> Result<(), CampaignError> {
        label("name", &self.name)?;
        label("permalink", &self.permalink)?;
        if let Some(name) = &self.ssap_name {
            label("ssap_name", name)?;
        }
        window("", self.window)?;
        opt_in(self)?;
        instant("reporting_ends_at", self.reporting_ends_at)?;
        if self.reporting_ends_at < self.window.starts_at {
            return refuse("reporting_ends_at", Fault::ReportingEndsEarly);
        }
        data("metadata", &self.metadata)?;
        range("version", self.version, 1, i64::from(i32::MAX))?;
        range("weight", self.weight, i64::from(i32::MIN), i64::from(i32::MAX))?;
        if let Some(division) = &self.division {
            label("division", &division.0)?;
        }
        bundle(&self.bundle)?;
        behaviors(self)?;
        line_items(self)?;
        offers(self)
    }
}

fn opt_in(campaign: &Campaign) -> Checked {
    let opt_in = &campaign.opt_in;
    window("opt_in.", opt_in.window)?;
    if opt_in.window.starts_at > campaign.window.starts_at {
        return refuse("opt_in.starts_at", Fault::OptInStartsLate);
    }
    if opt_in.window.ends_at > campaign.window.ends_at {
        return refuse("opt_in.ends_at", Fault::OptInEndsLate);
    }
    match opt_in.limit {
        Some(limit) => range("opt_in.limit", i64::from(limit), 1, i64::from(u32::MAX)),
        None => Ok(()),
    }
}

fn bundle(bundle: &AdBundle) -> Checked {
    targeting("targeting", bundle.targeting.as_ref())?;
    for (place, tag) in [("qualify_tag", &bundle.qualify_tag), ("disqualify_tag", &bundle.disqualify_tag)] {
        if let Some(tag) = tag {
            label(place, tag)?;
        }
    }
    Ok(())
}

fn behaviors(campaign: &Campaign) -> Checked {
    at_most("behaviors", campaign.behaviors.len(), limits::MAX_BEHAVIORS)?;
    let mut ids = BTreeSet::new();
    let mut external_ids = BTreeSet::new();
    for (index, behavior) in campaign.behaviors.iter().enumerate() {
        let place = format!("behaviors[{index}]");
        if let Err(fault) = behavior.validate() {
            return refuse(&place, Fault::Behavior(fault));
        }
        unique(&mut ids, &place, behavior.id)?;
        unique(&mut external_ids, &format!("{place}.external_id"), behavior.external_id.as_str())?;
        no_nul(format!("{place}.name"), &behavior.name)?;
        no_nul(format!("{place}.event"), &behavior.event_name)?;
    }
    Ok(())
}

fn line_items(campaign: &Campaign) -> Checked {
    at_most("line_items", campaign.line_items.len(), limits::MAX_LINE_ITEMS)?;
    at_most("line_items", campaign.groups().count(), limits::MAX_GROUPS)?;
    let mut items = BTreeSet::new();
    let mut groups = BTreeSet::new();
    let mut creatives = BTreeSet::new();
    for (index, item) in campaign.line_items.iter().enumerate() {
        let place = format!("line_items[{index}]");
        unique(&mut items, &place, item.id)?;
        line_item(campaign, &place, item)?;
        for (index, group) in item.groups.iter().enumerate() {
            let place = format!("{place}.groups[{index}]");
            unique(&mut groups, &place, group.id)?;
            unique(&mut creatives, &format!("{place}.creative"), group.creative.id)?;
        }
    }
    Ok(())
}

fn line_item(campaign: &Campaign, place: &str, item: &LineItem) -> Checked {
    label(format!("{place}.name"), &item.name)?;
    for (index, entry) in item.groups.iter().enumerate() {
        group(campaign, &format!("{place}.groups[{index}]"), entry)?;
    }
    Ok(())
}

fn group(campaign: &Campaign, place: &str, group: &Group) -> Checked {
    label(format!("{place}.name"), &group.name)?;
    targeting(&format!("{place}.targeting"), group.targeting.as_ref())?;
    creative(campaign, &format!("{place}.creative"), &group.creative)
}

fn creative(campaign: &Campaign, place: &str, creative: &Creative) -> Checked {
    label(format!("{place}.name"), &creative.name)?;
    delivery(campaign, &format!("{place}.delivery"), creative.delivery)?;
    if let Some(own) = creative.window {
        let place = format!("{place}.window");
        window(&format!("{place}."), own)?;
        if own.starts_at >= campaign.window.ends_at || own.ends_at <= campaign.window.starts_at {
            return refuse(place, Fault::OutsideCampaign);
        }
    }
    if let Some(tag) = &creative.tile_tag {
        label(format!("{place}.tile_tag"), tag)?;
        if !creative.content.is_tile() {
            return refuse(format!("{place}.tile_tag"), Fault::Unwanted("only tiles have a tile tag"));
        }
    }
    if let Some(cap) = creative.frequency_cap {
        let place = format!("{place}.frequency_cap");
        range(format!("{place}.max_views"), i64::from(cap.max_views), 1, i64::from(limits::MAX_CAP_VIEWS))?;
        range(format!("{place}.period"), i64::from(cap.period_s), 1, i64::from(u32::MAX))?;
    }
    if let Some(locale) = &creative.locale {
        label(format!("{place}.locale"), locale)?;
    }
    if let Some(payload) = &creative.custom_payload {
        data(format!("{place}.custom_payload"), payload)?;
    }
    content(place, &creative.content)
}

fn delivery(campaign: &Campaign, place: &str, delivery: Delivery) -> Checked {
    match delivery {
        Delivery::Triggered { achievement_id } if campaign.behavior(achievement_id).is_none() => {
            refuse(place, Fault::UnknownBehavior(achievement_id.0))
        }
        Delivery::Triggered { .. } => Ok(()),
        Delivery::Scheduled { at } => {
            instant(place, at)?;
            if campaign.window.is_over(at) { refuse(place, Fault::OutsideCampaign) } else { Ok(()) }
        }
    }
}

fn content(place: &str, content: &CreativeContent) -> Checked {
    match content {
        CreativeContent::InternalTile { message, action } => {
            tile(&format!("{place}.tile"), message)?;
            tile_action(&format!("{place}.action"), action)
        }
        CreativeContent::InternalFullPage { html } | CreativeContent::InternalBehavior { html } => {
            let place = format!("{place}.html");
            if html.trim().is_empty() {
                return refuse(place, Fault::Empty);
            }
            sized(place, html)
        }
        CreativeContent::Inbox(template) => message(&format!("{place}.message"), template, false),
        CreativeContent::Email(template)
        | CreativeContent::Push(template)
        | CreativeContent::Sms(template)
        | CreativeContent::Webhook(template) => message(&format!("{place}.message"), template, true),
    }
}

fn tile(place: &str, message: &TileMessage) -> Checked {
    let texts = [
        ("header", &message.header),
        ("subheader", &message.subheader),
        ("app_icon_alt_text", &message.app_icon_alt_text),
        ("image_alt_text", &message.image_alt_text),
        ("call_to_action", &message.call_to_action),
        ("layout", &message.layout),
    ];
    for (name, text) in texts {
        if let Some(text) = text {
            bounded(format!("{place}.{name}"), text, limits::MAX_TEXT_CHARS)?;
        }
    }
    if let Some(text) = &message.description {
        sized(format!("{place}.description"), text)?;
    }
    let addresses = [
        ("icon_url", &message.icon_url),
        ("image_url", &message.image_url),
        ("video_url", &message.video_url),
    ];
    for (name, address) in addresses {
        if let Some(address) = address {
            url(format!("{place}.{name}"), address)?;
        }
    }
    Ok(())
}

fn tile_action(place: &str, action: &TileAction) -> Checked {
    if let Some(address) = &action.url {
        url(format!("{place}.url"), address)?;
    }
    if let Some(section) = &action.section {
        bounded(format!("{place}.section"), section, limits::MAX_TEXT_CHARS)?;
    }
    match action.kind {
        Some(ActionType::DeepLink | ActionType::ExternalLink) if action.url.is_none() => {
            refuse(format!("{place}.url"), Fault::Missing("a link leads somewhere"))
        }
        None if action.url.is_some() || action.section.is_some() => {
            refuse(format!("{place}.type"), Fault::Missing("an action with a target has a type"))
        }
        _ => Ok(()),
    }
}

fn message(place: &str, template: &MessageTemplate, sent_by_provider: bool) -> Checked {
    if sent_by_provider {
        label(format!("{place}.provider"), &template.provider)?;
    } else {
        bounded(format!("{place}.provider"), &template.provider, limits::MAX_TEXT_CHARS)?;
    }
    bounded(format!("{place}.template"), &template.template, limits::MAX_TEXT_CHARS)?;
    if template.template.is_empty() && template.body.as_ref().is_none_or(String::is_empty) {
        return refuse(place, Fault::Missing("a message has a template or a body"));
    }
    if let Some(subject) = &template.subject {
        bounded(format!("{place}.subject"), subject, limits::MAX_TEXT_CHARS)?;
    }
    if let Some(body) = &template.body {
        sized(format!("{place}.body"), body)?;
    }
    data(format!("{place}.data"), &template.data)
}

fn offers(campaign: &Campaign) -> Checked {
    at_most("offers", campaign.offers.len(), limits::MAX_OFFERS)?;
    let mut ids = BTreeSet::new();
    for (index, entry) in campaign.offers.iter().enumerate() {
        let place = format!("offers[{index}]");
        unique(&mut ids, &place, entry.id)?;
        offer(&place, entry)?;
    }
    Ok(())
}

fn offer(place: &str, offer: &Offer) -> Checked {
    label(format!("{place}.name"), &offer.name)?;
    label(format!("{place}.type"), &offer.kind)?;
    range(format!("{place}.total_available"), offer.total_available, 0, i64::MAX)?;
    let place = format!("{place}.deal");
    match (&offer.deal, offer.kind == "deal") {
        (Some(terms), true) => deal(&place, terms),
        (None, false) => Ok(()),
        (None, true) => refuse(place, Fault::Missing("an offer of type `deal` has one")),
        (Some(_), false) => refuse(place, Fault::Unwanted("only an offer of type `deal` has one")),
    }
}

fn deal(place: &str, deal: &Deal) -> Checked {
    for (name, text) in [
        ("id", &deal.id),
        ("root_offer_id", &deal.root_offer_id),
        ("retailer_id", &deal.retailer_id),
        ("offer_type_id", &deal.offer_type_id),
        ("validity_unit", &deal.validity_unit),
    ] {
        label(format!("{place}.{name}"), text)?;
    }
    instant(format!("{place}.start_date"), deal.start_date)?;
    instant(format!("{place}.end_date"), deal.end_date)?;
    if deal.start_date >= deal.end_date {
        return refuse(format!("{place}.end_date"), Fault::EmptyPeriod);
    }
    if let Some(instant_after) = deal.value_after_end_date {
        instant(format!("{place}.value_after_end_date"), instant_after)?;
    }
    match deal.percent {
        Some(percent) if !(0.0..=100.0).contains(&percent) => {
            return refuse(format!("{place}.percent"), Fault::OutOfRange { min: 0, max: 100 });
        }
        None if deal.offer_type_id == "percent_discount" => {
            return refuse(format!("{place}.percent"), Fault::Missing("a discount in percent says how much"));
        }
        _ => {}
    }
    for (name, figure) in [
        ("validity_period", deal.validity_period),
        ("points", deal.points),
        ("buy_count", deal.buy_count),
        ("max_recurrence", deal.max_recurrence),
        ("quantity", deal.quantity),
    ] {
        range(format!("{place}.{name}"), figure, 0, i64::MAX)?;
    }
    range(format!("{place}.item_price_affinity"), deal.item_price_affinity, 0, 1)?;
    for (index, text) in deal.offer_text.iter().enumerate() {
        let place = format!("{place}.offer_text[{index}]");
        label(format!("{place}.culture"), &text.culture)?;
        for (name, text) in
            [("title", &text.title), ("description", &text.description), ("terms", &text.terms)]
        {
            sized(format!("{place}.{name}"), text)?;
        }
    }
    for (index, media) in deal.offer_media.iter().enumerate() {
        let place = format!("{place}.offer_media[{index}]");
        url(format!("{place}.uri"), &media.uri)?;
        if ![1, 2, 4, 5].contains(&media.content_type) {
            return refuse(format!("{place}.content_type"), Fault::OutOfRange { min: 1, max: 5 });
        }
    }
    for (name, restrictions) in [
        ("offer_catalog_restrictions", &deal.offer_catalog_restrictions),
        ("offer_purchase_restrictions", &deal.offer_purchase_restrictions),
        ("offer_redemption_restrictions", &deal.offer_redemption_restrictions),
        ("offer_location_restrictions", &deal.offer_location_restrictions),
    ] {
        data(format!("{place}.{name}"), restrictions)?;
    }
    Ok(())
}

fn label(place: impl Display, text: &str) -> Checked {
    if text.trim().is_empty() {
        return refuse(place, Fault::Empty);
    }
    bounded(place, text, limits::MAX_TEXT_CHARS)
}

fn bounded(place: impl Display, text: &str, max_chars: usize) -> Checked {
    if text.chars().count() > max_chars {
        return refuse(place, Fault::TooLong(max_chars));
    }
    no_nul(place, text)
}

fn sized(place: impl Display, text: &str) -> Checked {
    if text.len() > limits::MAX_CONTENT_BYTES {
        return refuse(place, Fault::TooLarge(limits::MAX_CONTENT_BYTES));
    }
    no_nul(place, text)
}

fn no_nul(place: impl Display, text: &str) -> Checked {
    if text.contains('\0') { refuse(place, Fault::Nul) } else { Ok(()) }
}

/// Client data: bounded in bytes, and free of NUL, which not every database can hold in JSON.
fn data(place: impl Display, value: &impl Serialize) -> Checked {
    let Ok(value) = serde_json::to_value(value) else {
        return refuse(place, Fault::Missing("data that JSON can spell"));
    };
    if value.to_string().len() > limits::MAX_DATA_BYTES {
        return refuse(place, Fault::TooLarge(limits::MAX_DATA_BYTES));
    }
    if holds_nul(&value) { refuse(place, Fault::Nul) } else { Ok(()) }
}

fn holds_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(holds_nul),
        Value::Object(fields) => fields.iter().any(|(key, value)| key.contains('\0') || holds_nul(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// An absolute address whose scheme cannot run a script in the page that shows it.
fn url(place: impl Display, address: &str) -> Checked {
    if address.chars().count() > limits::MAX_URL_CHARS {
        return refuse(place, Fault::TooLong(limits::MAX_URL_CHARS));
    }
    let scheme = address.split_once(':').map(|(scheme, _)| scheme);
    let well_formed = scheme.is_some_and(|scheme| {
        scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
            && !["javascript", "data", "vbscript"].iter().any(|bad| scheme.eq_ignore_ascii_case(bad))
    });
    let clean = !address.chars().any(|c| c.is_control() || c.is_whitespace());
    if well_formed && clean { Ok(()) } else { refuse(place, Fault::BadUrl) }
}

fn targeting(place: &str, targeting: Option<&Targeting>) -> Checked {
    match targeting.and_then(Targeting::error) {
        Some(error) => refuse(place, Fault::Targeting(error.to_string())),
        None => Ok(()),
    }
}

/// A window whose two ends are fields under that prefix.
fn window(prefix: &str, window: Window) -> Checked {
    instant(format!("{prefix}starts_at"), window.starts_at)?;
    instant(format!("{prefix}ends_at"), window.ends_at)?;
    if window.starts_at >= window.ends_at {
        return refuse(format!("{prefix}ends_at"), Fault::EmptyWindow);
    }
    Ok(())
}

fn instant(place: impl Display, at: UnixMillis) -> Checked {
    if (MIN_WIRE..=UnixMillis::MAX_WIRE).contains(&at) {
        Ok(())
    } else {
        refuse(place, Fault::DateOutOfRange)
    }
}

fn range(place: impl Display, value: i64, min: i64, max: i64) -> Checked {
    if (min..=max).contains(&value) { Ok(()) } else { refuse(place, Fault::OutOfRange { min, max }) }
}

fn at_most(place: &str, len: usize, max: usize) -> Checked {
    if len > max { refuse(place, Fault::TooMany(max)) } else { Ok(()) }
}

fn unique<T: Ord + Display + Copy>(seen: &mut BTreeSet<T>, place: &str, value: T) -> Checked {
    if seen.insert(value) { Ok(()) } else { refuse(place, Fault::Duplicate(value.to_string())) }
}
