//! Campaigns as code: a folder that says what an organization shall be, the difference to what it is, and back.

mod diff;
mod export;
mod folder;
mod plan;
#[cfg(test)]
mod tests;

pub use diff::{Difference, differences};
pub use export::export;
pub(crate) use folder::read_document;
pub use folder::{DivisionDocument, Folder, OrganizationDocument};
pub use plan::{CampaignPlan, Fate, Plan};
