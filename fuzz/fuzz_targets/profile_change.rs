//! Any JSON object as a change of a profile: it is refused and leaves nothing behind, or what it leaves is stored and
//! loaded without loss, and the same change once more changes nothing.

#![no_main]

use libfuzzer_sys::fuzz_target;
use muster_domain::customer::{Customer, ProfilePatch};
use muster_domain::time::UnixMillis;
use serde_json::{Map, Value};
use uuid::Uuid;

const NOW: UnixMillis = UnixMillis(1_774_952_430_400);

fuzz_target!(|data: &[u8]| {
    let Ok(object) = serde_json::from_slice::<Map<String, Value>>(data) else { return };
    let Ok(patch) = ProfilePatch::from_json(&object) else { return };
    let mut customer = Customer::anonymous(Uuid::nil(), NOW);
    let before = customer.clone();
    if customer.change(&patch, NOW).is_err() {
        assert_eq!(before, customer, "a refused change left something behind");
        return;
    }
    let stored = serde_json::to_vec(&customer).expect("a customer is stored");
    let loaded: Customer = serde_json::from_slice(&stored).expect("what was stored loads");
    assert_eq!(customer, loaded, "storing a customer changed it");
    assert_eq!(customer.change(&patch, NOW), Ok(false), "the same change twice is no change");
});
