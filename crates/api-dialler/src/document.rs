//! Records of the contract outside of requests: in files that a command line reads and writes.

use crate::wire::{campaign_body, contact_body, dates, fields::Fields};
use muster_app::usecases::dialler::{CampaignInput, ContactInput, DiallerResult};
use muster_domain::time::UnixMillis;
use serde_json::{Map, Value};

/// Names of a campaign's fields, as the document of the face declares them.
pub fn campaign_fields() -> Vec<String> {
    campaign_body::names()
}

/// Reads a campaign's fields (dialler contract §3.0). Members that are none of them are passed over, as in requests.
///
/// # Errors
/// [`muster_app::usecases::dialler::DiallerError`], naming the field that is wrong.
pub fn campaign(members: &Map<String, Value>) -> DiallerResult<CampaignInput> {
    campaign_body::read(&Fields::new(members))
}

/// Reads a contact's fields (dialler contract §4.1). Members that are none of them are passed over, as in requests.
///
/// # Errors
/// [`muster_app::usecases::dialler::DiallerError`], naming the field that is wrong.
pub fn contact(members: &Map<String, Value>) -> DiallerResult<ContactInput> {
    Ok(contact_body::read(&Fields::new(members))?.input)
}

/// An instant in the contract's format (§2.4), in UTC.
pub fn date(at: UnixMillis) -> String {
    dates::write(at)
}
