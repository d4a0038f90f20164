//! Campaign documents: the form in which people and programs write campaigns, in the management API, in files of
//! campaigns-as-code, and in exports.
//!
//! A document says what its author means and leaves out what follows: identifiers are optional and found again by
//! name, references go by name, dates and durations carry their unit. [`CampaignDocument::read`] makes a campaign
//! of it, [`CampaignDocument::of`] the document of a campaign; `of(read(document))` is the document in normal form.

mod behavior;
mod campaign;
mod creative;
mod date;
mod error;
mod matching;
mod offer;
mod span;
#[cfg(test)]
mod tests;

pub use behavior::{
    BehaviorDocument, BehaviorKind, ConditionDocument, GoalDocument, GroupOfGoals, MeasureKind,
    OutcomeDocument,
};
pub use campaign::{CampaignDocument, GroupDocument, LineItemDocument, OptInDocument, WindowDocument};
pub use creative::{
    ActionDocument, CreativeDocument, CreativeKind, DeliveryDocument, FrequencyCapDocument, MessageDocument,
    NameOrId, TileDocument,
};
pub use date::{When, rfc3339};
pub use error::DocumentError;
pub use offer::{DealDocument, OfferDocument};
pub use span::Span;
