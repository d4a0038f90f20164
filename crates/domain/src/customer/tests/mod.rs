mod custom_attributes;
mod properties;
mod reading;
mod rules;
mod tags;

use super::*;

/// 2026-03-01T12:00:00Z.
pub(super) const NOW: UnixMillis = UnixMillis(1_772_366_400_000);

pub(super) fn patch(json: Value) -> ProfilePatch {
    let Value::Object(object) = json else { panic!("a patch is an object") };
    ProfilePatch::from_json(&object).expect("readable")
}

pub(super) fn someone() -> Customer {
    Customer::create(&ProfilePatch::with_external_id("c-1"), Uuid::nil(), NOW).expect("valid")
}
