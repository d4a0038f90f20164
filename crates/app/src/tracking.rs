//! Identifiers in tracking URLs (contract §4.8).

use hmac::{Hmac, KeyInit, Mac};
use muster_domain::customer::Customer;
use muster_domain::ids::{CreativeId, CustomerId};
use muster_domain::organization::Organization;
use sha2::Sha256;
use uuid::Uuid;

/// The `ad_stat_id` of a customer and a creative: the one given from outside if there is one, else derived with
/// the organization's tracking key, so that listing campaigns writes nothing.
pub fn stat_id(
    organization: &Organization,
    id: CustomerId,
    customer: &Customer,
    creative: CreativeId,
) -> Uuid {
    let given = customer.impressions.get(&creative).and_then(|impression| impression.stat_id);
    given.unwrap_or_else(|| derived_stat_id(organization, id, creative))
}

fn derived_stat_id(organization: &Organization, id: CustomerId, creative: CreativeId) -> Uuid {
    let mut mac = Hmac::<Sha256>::new_from_slice(organization.tracking_secret.as_bytes())
        .expect("HMAC takes a key of any length");
    mac.update(id.0.as_bytes());
    mac.update(&creative.0.to_be_bytes());
    let digest = mac.finalize().into_bytes();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

/// A new tracking id (`xsid`): the customer id with its last four bytes replaced by random ones. It names the
/// customer to those who hold a URL, and cannot be made from the customer id alone.
pub fn new_tracking_id(id: CustomerId, random: [u8; 4]) -> Uuid {
    let mut bytes = *id.0.as_bytes();
    bytes[12..].copy_from_slice(&random);
    Uuid::from_bytes(bytes)
}
