//! Customers: creating, changing, deleting, importing, and the model of their custom attributes (contract N1, N2).

mod change;
mod create;
mod import;
mod model;

pub use change::{StandingPatch, delete_customer, update_customer};
pub use create::{CREATED_EVENT, create_customer};
pub use import::{IMPORT_BATCH_MAX, ImportRow, UpsertKind, Upserted, upsert_customers};
pub use model::{DEFAULT_MODEL, add_attributes, read_model};

pub(crate) use create::{birth, new_tracking_id};

use crate::ports::CustomerName;
use muster_domain::customer::Profile;
use std::collections::BTreeSet;

/// The names by which a profile can be found, each unique in the organization.
fn names_of(profile: &Profile) -> BTreeSet<CustomerName> {
    let further = profile.identifiers.iter().map(|identifier| &identifier.external_id);
    profile
        .external_id
        .iter()
        .chain(further)
        .map(|external_id| CustomerName::External(external_id.clone()))
        .chain(profile.email.as_deref().map(email_name))
        .chain(profile.phone_keys().map(CustomerName::Phone))
        .collect()
}

/// Addresses that differ in the case of letters only are one.
fn email_name(email: &str) -> CustomerName {
    CustomerName::Email(email.to_lowercase())
}
